/** The HTTP server of the embedded router: reads each request, finds its app, and hands it on. Keeps no routes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import { PAGES, refusalPage, sendPage } from '../pages.ts';
import { type ForwardContext, forward } from './forward.ts';
import { Lanes } from './lanes.ts';
import { answerBadRequest, answerConnect } from './malformed.ts';
import { isWebSocket, screen } from './screen.ts';
import type { Table } from './table.ts';
import { answerOnSocket, upgrade } from './upgrade.ts';

export interface ListenerOptions {
  limits: Limits;
  table: Table;
  context: ForwardContext;
  isProof(given: string | null): boolean;
  /** While it is true, connections end with their answer. */
  isClosing(): boolean;
}

/** A server that does not listen yet. */
export function createListener(options: ListenerOptions): Server {
  const { limits } = options;
  const lanes = new Lanes();
  const server = createServer({
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
  });
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

function serve(
  { table, context, isProof, isClosing }: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): void {
  if (isClosing()) response.shouldKeepAlive = false;
  const screening = screen(request);
  if (!screening.ok) {
    response.shouldKeepAlive = false;
    sendPage(request, response, refusalPage(screening.refusal.status, screening.refusal.reason));
    return;
  }
  const { inquiry } = screening;
  const app = table.appOf(inquiry.host);
  forward(context, { request, response, inquiry, app, proven: isProof(inquiry.proof), expectsContinue });
}

function serveUpgrade(
  { table, context, isProof }: ListenerOptions,
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
): void {
  const screening = screen(request);
  const refused = screening.ok
    ? screening.inquiry.hasBody
      ? refusalPage(400, 'A WebSocket handshake has no body.')
      : null
    : refusalPage(screening.refusal.status, screening.refusal.reason);
  const app = screening.ok ? table.appOf(screening.inquiry.host) : undefined;
  if (screening.ok && app !== undefined && refused === null) {
    const { inquiry } = screening;
    upgrade(context, { request, client, head, inquiry, app, proven: isProof(inquiry.proof) });
    return;
  }
  answerOnSocket(request, client, (response) => sendPage(request, response, refused ?? PAGES.unknownHost));
}
