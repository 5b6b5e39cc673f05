/** The embedded router: the port on plain node:http. Puts the parts together; holds no rule of its own. */
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type AccessEntry, type Address, type Route, TealError, type TrafficMinute } from '@teal/core';
import type { Certificate, ObservedApp, Pool, Router } from '@teal/deployer';
import { AccessLog, type ReadOptions } from '../accessLog.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { checkMaintenanceHtml } from '../pages.ts';
import { proofTest } from '../proof.ts';
import { TrafficMeter } from '../trafficMeter.ts';
import { Certificates } from './certificates.ts';
import { type Count, type DrainOptions, Flights } from './flight.ts';
import { createListener, type ListenerOptions } from './listener.ts';
import type { Passage } from './passage.ts';
import { Table } from './table.ts';

/** A full disk is no reason to fill the platform's log. */
const WARN_EVERY_MS = 10_000;

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
  /** Of HTTPS; 0 takes any free one. Null (the default): none. */
  securePort?: number | null;
  /** Folder of the access log; null (the default) keeps its last entries in memory only. */
  accessLogDir?: string | null;
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
  readonly #certificates = new Certificates();
  /** Null without HTTPS. */
  readonly #secureServer: Server | null;
  readonly #meter: TrafficMeter;
  readonly #accessLog: AccessLog;
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | null = null;

  constructor(options: EmbeddedRouterOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { log, proofSecret, securePort = null, accessLogDir = null } = options;
    let warnedAt = Number.NEGATIVE_INFINITY;
    const trouble = (error: unknown) => {
      if (performance.now() - warnedAt < WARN_EVERY_MS) return;
      warnedAt = performance.now();
      log?.warn({ err: error }, 'traffic could not be recorded');
    };
    this.#meter = new TrafficMeter({ intervalMs: this.#limits.trafficIntervalMs, trouble });
    this.#accessLog = new AccessLog({ dir: accessLogDir, trouble });
    const listening: ListenerOptions = {
      limits: this.#limits,
      table: this.#table,
      isProof: proofTest(proofSecret),
      isClosing: () => this.#closing !== null,
      securePort: () => this.secureAddress()?.port ?? null,
      context: {
        flights: this.#flights,
        limits: this.#limits,
        trouble: ({ instanceId, address }, error) =>
          log?.debug({ instanceId, address, err: error }, 'an instance did not take a request'),
        record: (passage) => this.#record(passage),
      },
    };
    this.#server = createListener(listening);
    this.#secureServer = securePort === null ? null : createListener(listening, this.#certificates);
  }

  async listen(): Promise<void> {
    const { port, securePort } = this.#options;
    await this.#listen(this.#server, port, '--http-port');
    if (this.#secureServer === null) return;
    try {
      await this.#listen(this.#secureServer, securePort ?? 0, '--https-port');
    } catch (error) {
      await this.#stop(this.#server);
      throw error;
    }
  }

  async #listen(server: Server, port: number, option: string): Promise<void> {
    const { host, log } = this.#options;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(cause.code === 'EADDRINUSE' ? new TealError('port_taken', { port, host, option }, { cause }) : cause),
      );
      server.listen({ host, port, backlog: 4096 }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', (error) => log?.warn({ err: error }, 'the router could not accept a connection'));
  }

  #record(passage: Passage): void {
    const entry = passage.entry();
    if (entry === null) return;
    this.#meter.record(entry);
    this.#accessLog.append(entry);
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

  async setCertificates(certificates: readonly Certificate[]): Promise<void> {
    this.#certificates.replace(certificates);
  }

  watchTraffic(listener: (minutes: readonly TrafficMinute[]) => void, signal: AbortSignal): void {
    this.#meter.watch(listener, signal);
  }

  accessLog(appId: string, options: ReadOptions): AsyncIterable<AccessEntry> {
    return this.#accessLog.read(appId, options);
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
    return addressOf(this.#server);
  }

  secureAddress(): Address | null {
    return this.#secureServer === null ? null : addressOf(this.#secureServer);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Accepts nothing new, lets what is in flight end within the deadline, then cuts. */
  async #close(): Promise<void> {
    const servers = [this.#server, this.#secureServer].filter((server) => server?.listening === true);
    const stopped = servers.map((server) => this.#stop(server as Server));
    if (servers.length > 0) {
      const deadlineMs = this.#limits.closeDeadlineMs;
      const signal = new AbortController().signal;
      await this.#flights.drained(this.#flights.instanceIds(), { deadlineMs, webSocketDeadlineMs: deadlineMs, signal });
    }
    // Also those that the HTTP server has let go of: WebSockets, refused handshakes.
    for (const socket of this.#sockets) socket.destroy();
    this.#table.retireAll();
    await Promise.all(stopped);
    this.#meter.close();
    await this.#accessLog.close();
  }

  #stop(server: Server): Promise<void> {
    return new Promise((resolve) => server.close(() => resolve()));
  }
}

/** Where a server that listens is reached from this machine. */
function addressOf(server: Server): Address {
  const { address, port } = server.address() as AddressInfo;
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return { host, port };
}
