/**
 * Sends requests over kept-alive connections all the time, never a second time, and checks every answer whole.
 * Knows nothing of flips: what the load proof asks is in traffic.ts.
 *
 * What it asks of the app: every answer is a 200 that names its version in an `x-version` header (or in its body, as
 * `version <word>`); a POST's or an upload's answer holds the SHA-256 of the body in hex, in `x-body-sha256` or in the
 * answer's body; `/slow` streams for a while; `/events` sends at least three events; `/ws` echoes text messages.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { type Ask, exchange, newTrace, type Read, readText, versionOf } from './exchange.ts';
import { runSession } from './websocket.ts';

export type LoadKind = 'get' | 'post' | 'slow-stream' | 'upload' | 'websocket' | 'sse';

export interface LoadOptions {
  address: { host: string; port: number };
  /** The Host header of every request. */
  host: string;
  /** Connections that send at the same time; connection i sends requests of kind i modulo the number of kinds. Default 8. */
  keepAliveConnections?: number;
  /** Default get, post and slow-stream. */
  kinds?: readonly LoadKind[];
  paths?: Partial<Record<LoadKind, string>>;
  /** Quick requests (get, post) per second over all connections; without it each follows the one before. */
  ratePerSecond?: number;
  uploadBytes?: number;
  /** A request that takes longer has failed. Default 30,000. */
  timeoutMs?: number;
  /** An abort is a stop; `stop()` still gives the report. */
  signal?: AbortSignal;
}

/** Live figures; the object is the same from start to end. */
export interface LoadCounters {
  /** Requests that have ended, well or not. */
  requests: number;
  failed: number;
  /** Version → whole answers from it. */
  versionsSeen: Record<string, number>;
  byKind: Partial<Record<LoadKind, number>>;
  connectionsOpened: number;
  /** The slowest get or post. */
  slowestMs: number;
  /** The first sentences of what went wrong. */
  errors: string[];
}

export interface LoadReport extends LoadCounters {
  durationMs: number;
}

export interface Load {
  readonly counters: Readonly<LoadCounters>;
  /** Begins no new request, waits for those under way, closes the connections. */
  stop(): Promise<LoadReport>;
}

const PATHS: Record<LoadKind, string> = {
  get: '/',
  post: '/',
  'slow-stream': '/slow',
  upload: '/',
  websocket: '/ws',
  sse: '/events',
};
const MAX_ERRORS = 20;
const MESSAGES = 3;
const TIMEOUT_MS = 30_000;

/** Starts at once. */
export function startLoad(options: LoadOptions): Load {
  return new Sender(options);
}

class Sender implements Load {
  readonly counters: LoadCounters = {
    requests: 0,
    failed: 0,
    versionsSeen: {},
    byKind: {},
    connectionsOpened: 0,
    slowestMs: 0,
    errors: [],
  };
  readonly #options: LoadOptions;
  readonly #beganAt = performance.now();
  readonly #lines: Promise<void>[] = [];
  readonly #stopped = new AbortController();
  readonly #upload: Buffer;
  #nextAt = this.#beganAt;
  #count = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#upload = randomBytes(options.uploadBytes ?? 1024 * 1024);
    const kinds = options.kinds ?? ['get', 'post', 'slow-stream'];
    const stop = () => this.#stopped.abort();
    if (options.signal?.aborted) stop();
    options.signal?.addEventListener('abort', stop, { once: true });
    for (let i = 0; i < (options.keepAliveConnections ?? 8); i += 1) {
      const kind = kinds[i % kinds.length];
      if (kind !== undefined) this.#lines.push(this.#line(kind));
    }
  }

  async stop(): Promise<LoadReport> {
    this.#stopped.abort();
    await Promise.all(this.#lines);
    return { ...this.counters, durationMs: performance.now() - this.#beganAt };
  }

  /** One connection's requests, one after the other. */
  async #line(kind: LoadKind): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped.signal.aborted) {
      if (kind === 'get' || kind === 'post') await this.#turn();
      if (this.#stopped.signal.aborted) break;
      const beganAt = performance.now();
      try {
        const version = await this.#send(kind, agent);
        this.counters.versionsSeen[version] = (this.counters.versionsSeen[version] ?? 0) + 1;
      } catch (error) {
        this.#failed(kind, error);
      }
      this.counters.requests += 1;
      this.counters.byKind[kind] = (this.counters.byKind[kind] ?? 0) + 1;
      const tookMs = performance.now() - beganAt;
      if ((kind === 'get' || kind === 'post') && tookMs > this.counters.slowestMs) this.counters.slowestMs = tookMs;
    }
    agent.destroy();
  }

  #failed(kind: LoadKind, error: unknown): void {
    const { counters } = this;
    counters.failed += 1;
    if (counters.errors.length >= MAX_ERRORS) return;
    counters.errors.push(
      `${kind}, request ${counters.requests + 1}: ${error instanceof Error ? error.message : error}`,
    );
  }

  /** Waits for this request's place in the rate; a backlog of more than 100 ms is dropped, not caught up. */
  async #turn(): Promise<void> {
    const { ratePerSecond } = this.#options;
    if (ratePerSecond === undefined) return;
    const now = performance.now();
    const at = Math.max(this.#nextAt, now - 100);
    this.#nextAt = at + 1_000 / ratePerSecond;
    if (at > now) await pause(at - now, this.#stopped.signal);
  }

  /** The version that answered; rejects with what was wrong. */
  async #send(kind: LoadKind, agent: Agent): Promise<string> {
    this.#count += 1;
    const counter = `count=${this.#count}`;
    const trace = newTrace();
    if (kind === 'websocket') {
      this.counters.connectionsOpened += 1;
      const { address, host, timeoutMs = TIMEOUT_MS } = this.#options;
      const session = { address, host, path: this.#path(kind), text: counter, messages: MESSAGES, timeoutMs };
      const { version, closedWith, echoes } = await runSession(session, trace);
      if (closedWith !== null) throw new Error(`the WebSocket closed after ${echoes} echoes, with ${closedWith}`);
      return version;
    }
    const body = this.#body(kind, counter);
    const ask: Ask = {
      address: this.#options.address,
      agent,
      path: this.#path(kind),
      headers: { host: this.#options.host },
      body,
      timeoutMs: this.#options.timeoutMs ?? TIMEOUT_MS,
    };
    const text = await exchange(ask, trace, kind === 'sse' ? readEvents : readText).finally(() => {
      if (!trace.reused) this.counters.connectionsOpened += 1;
    });
    if (body !== null) {
      const hash = createHash('sha256').update(body).digest('hex');
      if (trace.headers['x-body-sha256'] !== hash && !text.includes(hash)) {
        throw new Error(`the app did not get the body of ${counter} as it was sent`);
      }
    }
    return versionOf(trace, text);
  }

  #path(kind: LoadKind): string {
    return this.#options.paths?.[kind] ?? PATHS[kind];
  }

  #body(kind: LoadKind, counter: string): Buffer | null {
    if (kind === 'post') return Buffer.from(counter);
    return kind === 'upload' ? Buffer.concat([Buffer.from(counter), this.#upload]) : null;
  }
}

/** The first events; the connection is closed after them. */
const readEvents: Read<string> = (incoming, done, fail) => {
  let text = '';
  incoming.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n\n').length > MESSAGES) {
      done(text);
      incoming.destroy();
    }
  });
  incoming.once('close', () => fail(new Error('the events ended early')));
};

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
