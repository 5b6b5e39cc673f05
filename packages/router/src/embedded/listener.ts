/** The HTTP server of the embedded router: reads each request, finds its app, and hands it on. Keeps no routes. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import { PAGES, type Page, refusalPage, sendPage } from '../pages.ts';
import type { Certificates } from './certificates.ts';
import { flagPage } from './flags.ts';
import { type ForwardContext, forward } from './forward.ts';
import { Lanes } from './lanes.ts';
import { answerBadRequest, answerConnect } from './malformed.ts';
import { isSecure, Passage } from './passage.ts';
import { type Inquiry, isWebSocket, screen } from './screen.ts';
import type { RoutedApp, Table } from './table.ts';
import { answerOnSocket, upgrade } from './upgrade.ts';

export interface ListenerOptions {
  limits: Limits;
  table: Table;
  context: ForwardContext;
  isProof(given: string | null): boolean;
  /** While it is true, connections end with their answer. */
  isClosing(): boolean;
  /** Where HTTPS is served; null: nowhere. */
  securePort(): number | null;
}

/** A client has this long for its part of a TLS handshake. */
const HANDSHAKE_MS = 15_000;

/** A server that does not listen yet; with certificates it speaks HTTPS only. */
export function createListener(options: ListenerOptions, certificates: Certificates | null = null): Server {
  const { limits } = options;
  const lanes = new Lanes();
  const settings = {
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    keepAliveTimeout: limits.keepAliveMs,
    headersTimeout: limits.headersTimeoutMs,
    // No limit on a whole request: uploads may take hours. A stalled one ends by uploadIdleMs.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5_000, Math.ceil(limits.headersTimeoutMs / 4)),
    maxHeaderSize: limits.maxHeaderBytes,
    insecureHTTPParser: false,
    // Missing Host is refused by the screen, with a page.
    requireHostHeader: false,
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isWebSocket,
  };
  const server = certificates === null ? createServer(settings) : secureServer(settings, certificates);
  const take = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    lanes.run(request.socket, response, () => serve(options, request, response, expectsContinue));
  server.on('request', take(false));
  server.on('checkContinue', take(true));
  server.on('upgrade', (request, socket: Socket, head) => {
    // An answer still under way on this connection cannot be finished once the parser has let go of it.
    if (lanes.current(socket) === null) serveUpgrade(options, request, socket, head);
    else socket.destroy();
  });
  server.on('connect', (_request, socket: Socket) => answerConnect(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerBadRequest(error, socket, lanes.current(socket)),
  );
  return server;
}

function secureServer(settings: ServerOptions, certificates: Certificates): Server {
  const server = createSecureServer({ ...settings, ...certificates.tlsOptions, handshakeTimeout: HANDSHAKE_MS });
  certificates.serve(server);
  // A handshake that failed: Node cuts the connection, and there is nobody to tell.
  server.on('tlsClientError', () => {});
  return server;
}

interface Reading {
  inquiry: Inquiry | null;
  /** In place of the app's answer. */
  ownPage: Page | null;
  app: RoutedApp | undefined;
  proven: boolean;
  passage: Passage;
}

function read({ table, isProof, securePort }: ListenerOptions, request: IncomingMessage): Reading {
  const screening = screen(request);
  if (!screening.ok) {
    const { status, reason, host } = screening.refusal;
    const app = host === null ? undefined : table.appOf(host);
    const passage = new Passage(request, app?.appId ?? null);
    return { inquiry: null, ownPage: refusalPage(status, reason), app, proven: false, passage };
  }
  const { inquiry } = screening;
  const app = table.appOf(inquiry.host);
  const proven = isProof(inquiry.proof);
  const { host, path } = inquiry;
  const question = { proven, secure: isSecure(request), host, path, securePort };
  const ownPage = app === undefined ? PAGES.unknownHost : flagPage(app, question);
  const passage = new Passage(request, proven ? null : (app?.appId ?? null));
  return { inquiry, ownPage, app, proven, passage };
}

function serve(
  options: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): void {
  if (options.isClosing()) response.shouldKeepAlive = false;
  const { inquiry, ownPage, app, proven, passage } = read(options, request);
  if (inquiry !== null) {
    forward(options.context, { request, response, inquiry, ownPage, app, proven, passage, expectsContinue });
    return;
  }
  response.shouldKeepAlive = false;
  response.once('close', () => options.context.record(passage));
  const page = ownPage ?? PAGES.unknownHost;
  passage.answeredHere(page.status, sendPage(request, response, page));
}

function serveUpgrade(options: ListenerOptions, request: IncomingMessage, client: Socket, head: Buffer): void {
  const { inquiry, app, proven, passage, ownPage } = read(options, request);
  const refused = inquiry?.hasBody ? refusalPage(400, 'A WebSocket handshake has no body.') : null;
  if (inquiry !== null && app !== undefined && refused === null) {
    upgrade(options.context, { request, client, head, inquiry, app, ownPage, passage, proven });
    return;
  }
  const page = refused ?? ownPage ?? PAGES.unknownHost;
  client.once('close', () => options.context.record(passage));
  answerOnSocket(request, client, (response) => passage.answeredHere(page.status, sendPage(request, response, page)));
}
