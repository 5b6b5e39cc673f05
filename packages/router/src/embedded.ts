/** The embedded router: the port on plain node:http. Puts the parts together; holds no rule of its own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Address, type Route, TealError } from '@teal/core';
import type { ObservedApp, Pool, Router } from '@teal/deployer';
import { type Count, type DrainOptions, Flights } from './flight.ts';
import { type ForwardContext, forward } from './forward.ts';
import { Lanes } from './lanes.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { answerBadRequest, answerConnect } from './malformed.ts';
import { PAGES, refusalPage, sendPage } from './pages.ts';
import { proofTest } from './proof.ts';
import { isWebSocket, screen } from './screen.ts';
import { Table } from './table.ts';
import { answerOnSocket, upgrade } from './upgrade.ts';

/** pino's shape; anything alike will do. */
export interface RouterLog {
  debug(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}

export interface EmbeddedRouterOptions {
  /** Address to listen on. */
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** The per-start secret of proof requests; never empty. */
  proofSecret: string;
  limits?: Partial<Limits>;
  log?: RouterLog;
}

export interface EmbeddedRouter extends Router {
  /** Begins to serve; fill in the routes first, so that no request meets an empty table. Throws `port_taken`. */
  listen(): Promise<void>;
}

/** A router that does not listen yet. */
export function createEmbeddedRouter(options: EmbeddedRouterOptions): EmbeddedRouter {
  return new NodeRouter(options);
}

class NodeRouter implements EmbeddedRouter {
  readonly #options: EmbeddedRouterOptions;
  readonly #limits: Limits;
  readonly #table = new Table();
  readonly #flights = new Flights();
  readonly #lanes = new Lanes();
  readonly #isProof: (given: string | null) => boolean;
  readonly #context: ForwardContext;
  readonly #server: Server;
  #closing: Promise<void> | null = null;

  constructor(options: EmbeddedRouterOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#isProof = proofTest(options.proofSecret);
    this.#context = {
      flights: this.#flights,
      limits: this.#limits,
      trouble: (upstream, error) => {
        const { instanceId, address } = upstream;
        options.log?.debug({ instanceId, address, err: error }, 'an instance did not take a request');
      },
    };
    this.#server = this.#createServer();
  }

  #createServer(): Server {
    const server = createServer({
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      keepAliveTimeout: this.#limits.keepAliveMs,
      headersTimeout: this.#limits.headersTimeoutMs,
      // No limit on a whole request: uploads may take hours. A stalled one ends by uploadIdleMs.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(5_000, Math.ceil(this.#limits.headersTimeoutMs / 4)),
      maxHeaderSize: this.#limits.maxHeaderBytes,
      insecureHTTPParser: false,
      // Missing Host is refused by the screen, with a page.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
      shouldUpgradeCallback: isWebSocket,
    });
    server.on('request', (request, response) => this.#onRequest(request, response, false));
    server.on('checkContinue', (request, response) => this.#onRequest(request, response, true));
    server.on('upgrade', (request, socket: Socket, head) => this.#onUpgrade(request, socket, head));
    server.on('connect', (_request, socket: Socket) => answerConnect(socket));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      answerBadRequest(error, socket, this.#lanes.current(socket)),
    );
    return server;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#lanes.run(request.socket, response, () => this.#serve(request, response, expectsContinue));
  }

  #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (this.#closing !== null) response.shouldKeepAlive = false;
    const screening = screen(request);
    if (!screening.ok) {
      response.shouldKeepAlive = false;
      sendPage(request, response, refusalPage(screening.refusal.status, screening.refusal.reason));
      return;
    }
    const { inquiry } = screening;
    const app = this.#table.appOf(inquiry.host);
    const proven = this.#isProof(inquiry.proof);
    forward(this.#context, { request, response, inquiry, app, proven, expectsContinue });
  }

  #onUpgrade(request: IncomingMessage, client: Socket, head: Buffer): void {
    const screening = screen(request);
    // An answer still under way on this connection cannot be finished once the parser has let go of it.
    if (this.#lanes.current(client) !== null) {
      client.destroy();
    } else if (!screening.ok || screening.inquiry.hasBody) {
      const page = screening.ok
        ? refusalPage(400, 'A WebSocket handshake has no body.')
        : refusalPage(screening.refusal.status, screening.refusal.reason);
      answerOnSocket(request, client, (response) => sendPage(request, response, page));
    } else {
      const { inquiry } = screening;
      const app = this.#table.appOf(inquiry.host);
      if (app === undefined) {
        answerOnSocket(request, client, (response) => sendPage(request, response, PAGES.unknownHost));
        return;
      }
      upgrade(this.#context, { request, client, head, inquiry, app, proven: this.#isProof(inquiry.proof) });
    }
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          cause.code === 'EADDRINUSE'
            ? new TealError('port_taken', { port, host, option: '--http-port' }, { cause })
            : cause,
        ),
      );
      this.#server.listen({ host, port, backlog: 4096 }, resolve);
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) =>
      this.#options.log?.warn({ err: error }, 'the router could not accept a connection'),
    );
  }

  async setPool(pool: Pool): Promise<void> {
    this.#table.setPool(pool);
  }

  async setRoute(appId: string, route: Route): Promise<void> {
    this.#table.setRoute(appId, route);
  }

  async setHosts(appId: string, hosts: readonly string[]): Promise<void> {
    this.#table.setHosts(appId, hosts);
  }

  async removeApp(appId: string): Promise<void> {
    this.#table.remove(appId);
  }

  async observe(appId: string): Promise<ObservedApp | null> {
    return this.#table.observe(appId);
  }

  async listApps(): Promise<string[]> {
    return this.#table.list();
  }

  async inFlight(instanceIds: readonly string[]): Promise<Count> {
    return this.#flights.count(instanceIds);
  }

  drained(instanceIds: readonly string[], options: DrainOptions): Promise<boolean> {
    return this.#flights.drained(instanceIds, options);
  }

  publicAddress(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
    return { host, port };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Accepts nothing new, lets what is in flight end within the deadline, then cuts. */
  async #close(): Promise<void> {
    if (!this.#server.listening) {
      this.#table.retireAll();
      return;
    }
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const deadlineMs = this.#limits.closeDeadlineMs;
    const signal = new AbortController().signal;
    await this.#flights.drained(this.#flights.instanceIds(), { deadlineMs, webSocketDeadlineMs: deadlineMs, signal });
    this.#server.closeAllConnections();
    this.#table.retireAll();
    await closed;
  }
}
