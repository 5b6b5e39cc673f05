/** A small app that answers everything the load client asks, and notes what it was sent. For tests only. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface OriginOptions {
  /** How long `/slow` streams. */
  slowMs?: number;
  /** Idle connections are closed after this; Node's default otherwise. */
  keepAliveTimeoutMs?: number;
  /** Called first; answers itself when it returns true. */
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export class Origin {
  readonly version: string;
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  /** SHA-256 of each POST body → how often it came. */
  readonly bodies = new Map<string, number>();
  /** Headers of the last request, as they came. */
  lastRawHeaders: string[] = [];
  requests = 0;
  readonly #slowMs: number;
  readonly #webSockets = new WebSocketServer({ noServer: true });

  constructor(version: string, { slowMs = 2_000, keepAliveTimeoutMs, handle }: OriginOptions = {}) {
    this.version = version;
    this.#slowMs = slowMs;
    const own = { keepAliveTimeout: keepAliveTimeoutMs, keepAliveTimeoutBuffer: 0 };
    this.server = createServer(keepAliveTimeoutMs === undefined ? {} : own, (request, response) => {
      this.requests += 1;
      this.lastRawHeaders = request.rawHeaders;
      if (handle?.(request, response) !== true) this.#answer(request, response);
    });
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.#webSockets.on('headers', (headers) => headers.push(`x-version: ${version}`));
    this.server.on('upgrade', (request, socket, head) => {
      this.lastRawHeaders = request.rawHeaders;
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
        webSocket.on('error', () => {});
      });
    });
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  get webSockets(): ReadonlySet<WebSocket> {
    return this.#webSockets.clients;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('x-version', this.version);
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (path === '/slow') this.#stream(response, '', Math.ceil(this.#slowMs / 20));
    else if (path === '/events') {
      response.setHeader('content-type', 'text/event-stream');
      this.#stream(response, 'data: ', Number.POSITIVE_INFINITY);
    } else if (request.method === 'POST') this.#takeBody(request, response);
    else response.end(`version ${this.version}\n`);
  }

  #takeBody(request: IncomingMessage, response: ServerResponse): void {
    const hash = createHash('sha256');
    request.on('data', (chunk) => hash.update(chunk));
    request.once('end', () => {
      const digest = hash.digest('hex');
      this.bodies.set(digest, (this.bodies.get(digest) ?? 0) + 1);
      response.setHeader('x-body-sha256', digest);
      response.end('ok\n');
    });
  }

  #stream(response: ServerResponse, prefix: string, lines: number): void {
    let sent = 0;
    const next = () => {
      sent += 1;
      response.write(`${prefix}version ${this.version}\n\n`);
      if (sent >= lines) response.end();
    };
    const timer = setInterval(next, 20);
    response.once('close', () => clearInterval(timer));
    next();
  }
}
