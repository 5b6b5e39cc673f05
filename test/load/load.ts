/**
 * Sends requests over kept-alive connections all the time, never a second time, and checks every answer whole.
 * Stands on node: modules only, in this one file, so that it can be moved.
 *
 * What it asks of the app: every answer is a 200 that names its version in an `x-version` header (or in its body, as
 * `version <word>`); a POST's or an upload's answer holds the SHA-256 of the body in hex, in `x-body-sha256` or in the
 * answer's body; `/slow` streams for a while; `/events` sends at least three events; `/ws` echoes text messages.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, type IncomingMessage, request as openRequest } from 'node:http';
import { connect, type Socket } from 'node:net';

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
    if (kind === 'websocket') return this.#webSocket(counter);
    if (kind === 'sse') return this.#events(agent);
    if (kind === 'get' || kind === 'slow-stream') return versionOf(await this.#ask(kind, agent, null));
    const body = kind === 'post' ? Buffer.from(counter) : Buffer.concat([Buffer.from(counter), this.#upload]);
    const answer = await this.#ask(kind, agent, body);
    const hash = createHash('sha256').update(body).digest('hex');
    if (answer.incoming.headers['x-body-sha256'] !== hash && !answer.body.includes(hash)) {
      throw new Error(`the app did not get the body of ${counter} as it was sent`);
    }
    return versionOf(answer);
  }

  #ask(kind: LoadKind, agent: Agent, body: Buffer | null): Promise<Answer> {
    return this.#exchange(kind, agent, body, (incoming, done, fail) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('end', () => {
        if (incoming.complete) done({ incoming, body: Buffer.concat(chunks).toString() });
      });
      incoming.once('close', () => fail(new Error(`the answer broke off after ${Buffer.concat(chunks).length} bytes`)));
    });
  }

  async #events(agent: Agent): Promise<string> {
    const answer = await this.#exchange('sse', agent, null, (incoming, done, fail) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.split('\n\n').length > MESSAGES) {
          done({ incoming, body: text });
          incoming.destroy();
        }
      });
      incoming.once('close', () => fail(new Error('the events ended early')));
    });
    return versionOf(answer);
  }

  /** One request; `read` takes the answer and calls `done` or `fail` (the first call counts). */
  #exchange(
    kind: LoadKind,
    agent: Agent,
    body: Buffer | null,
    read: (incoming: IncomingMessage, done: (answer: Answer) => void, fail: (error: Error) => void) => void,
  ): Promise<Answer> {
    const { address, host, paths, timeoutMs = 30_000 } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const outgoing = openRequest({
      ...address,
      agent,
      method: body === null ? 'GET' : 'POST',
      path: paths?.[kind] ?? PATHS[kind],
      headers: { host, ...(body === null ? {} : { 'content-length': body.length }) },
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    outgoing.once('socket', () => {
      if (!outgoing.reusedSocket) this.counters.connectionsOpened += 1;
    });
    outgoing.once('response', (incoming) => {
      if (incoming.statusCode !== 200) {
        reject(new Error(`answered ${incoming.statusCode}`));
        incoming.resume();
        return;
      }
      read(incoming, resolve, reject);
    });
    outgoing.on('error', reject);
    // The next request begins only once this one's connection is free again.
    const closed = new Promise<void>((settle) => outgoing.once('close', settle));
    outgoing.end(body ?? undefined);
    return promise.finally(async () => {
      await closed;
      clearTimeout(timer);
    });
  }

  #webSocket(counter: string): Promise<string> {
    const { address, host, paths, timeoutMs = 30_000 } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect(address);
    const timer = setTimeout(() => reject(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    this.counters.connectionsOpened += 1;
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET ${paths?.websocket ?? PATHS.websocket} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    followEchoes(socket, { key, counter }, resolve, reject);
    return promise.finally(() => {
      clearTimeout(timer);
      socket.destroy();
    });
  }
}

interface Answer {
  incoming: IncomingMessage;
  body: string;
}

const VERSION = /version["':=\s]+([\w.-]+)/gi;

/** The one version that header and body name. */
function versionOf({ incoming, body }: Answer): string {
  const named = new Set([...body.matchAll(VERSION)].map((match) => match[1] ?? ''));
  const header = incoming.headers['x-version'];
  if (typeof header === 'string') named.add(header);
  const [version] = named;
  if (version === undefined) throw new Error('the answer names no version');
  if (named.size > 1) throw new Error(`the answer names several versions: ${[...named].join(', ')}`);
  return version;
}

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

/** Sends {@link MESSAGES} short messages, each after the echo of the one before. */
function followEchoes(
  socket: Socket,
  { key, counter }: { key: string; counter: string },
  done: (version: string) => void,
  fail: (error: Error) => void,
): void {
  let seen = Buffer.alloc(0);
  let version: string | null = null;
  let echoes = 0;
  socket.on('error', fail);
  socket.once('close', () => fail(new Error(`the WebSocket closed after ${echoes} echoes`)));
  socket.on('data', (chunk) => {
    seen = Buffer.concat([seen, chunk]);
    if (version === null) {
      const end = seen.indexOf('\r\n\r\n');
      if (end < 0) return;
      version = readHandshake(seen.subarray(0, end).toString('latin1'), key, fail);
      if (version === null) return;
      seen = seen.subarray(end + 4);
      socket.write(textFrame(counter));
    }
    while (seen.length >= 2 && seen.length >= 2 + (seen[1] ?? 0)) {
      const text = seen.subarray(2, 2 + (seen[1] ?? 0)).toString();
      if (seen[0] !== 0x81 || text !== counter) fail(new Error('the WebSocket did not echo what was sent'));
      seen = seen.subarray(2 + (seen[1] ?? 0));
      echoes += 1;
      if (echoes === MESSAGES) done(version);
      else socket.write(textFrame(counter));
    }
  });
}

function readHandshake(head: string, key: string, fail: (error: Error) => void): string | null {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const version = /^x-version: *(\S+)/im.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 101 ')) fail(new Error(`the handshake was answered ${head.slice(9, 12)}`));
  else if (!head.includes(accept)) fail(new Error('the handshake was answered with a wrong key'));
  else if (version === undefined) fail(new Error('the answer names no version'));
  else return version;
  return null;
}

/** A masked text frame of fewer than 126 bytes. */
function textFrame(text: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, payload]);
}
