/** The embedded router: the port on plain node:http. Puts the parts together; holds no rule of its own. */
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type AccessEntry, type Address, type Route, TealError, type TrafficMinute } from '@teal/core';
import type { Certificate, ObservedApp, Pool, Router } from '@teal/deployer';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { checkMaintenanceHtml } from '../pages.ts';
import { proofTest } from '../proof.ts';
import { type Count, type DrainOptions, Flights } from './flight.ts';
import { createListener } from './listener.ts';
import { Table } from './table.ts';

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
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | null = null;

  constructor(options: EmbeddedRouterOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#server = createListener({
      limits: this.#limits,
      table: this.#table,
      isProof: proofTest(options.proofSecret),
      isClosing: () => this.#closing !== null,
      context: {
        flights: this.#flights,
        limits: this.#limits,
        trouble: ({ instanceId, address }, error) =>
          options.log?.debug({ instanceId, address, err: error }, 'an instance did not take a request'),
      },
    });
  }

  async listen(): Promise<void> {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
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

  async setMaintenancePage(appId: string, html: string | null): Promise<void> {
    checkMaintenanceHtml(html);
    this.#table.setMaintenancePage(appId, html);
  }

  async setCertificates(_certificates: readonly Certificate[]): Promise<void> {}

  watchTraffic(_listener: (minutes: readonly TrafficMinute[]) => void, _signal: AbortSignal): void {}

  async *accessLog(_appId: string): AsyncIterable<AccessEntry> {}

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

  secureAddress(): Address | null {
    return null;
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
    // Also those that the HTTP server has let go of: WebSockets, refused handshakes.
    for (const socket of this.#sockets) socket.destroy();
    this.#table.retireAll();
    await closed;
  }
}
