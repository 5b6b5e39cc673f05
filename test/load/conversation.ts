/** One request of each kind, checked whole: what is sent, and what its answer has to hold. Decides nothing about when. */
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { nowMs } from './clock.ts';
import { type Ask, exchange, type Read, readText, type Trace, versionOf } from './exchange.ts';
import { H2Line } from './h2.ts';
import type { Kind } from './record.ts';
import { runSession } from './websocket.ts';

export interface Target {
  address: { host: string; port: number };
  /** Null: there is no HTTPS, and no `h2`. */
  secureAddress: { host: string; port: number } | null;
  /** The app's host name. */
  host: string;
  timeoutMs: number;
  uploadBytes: number;
  /** How long an upload, a listener of events and a WebSocket take. */
  uploadMs: number;
  eventsMs: number;
  webSocketMs: number;
}

export interface Said {
  version: string;
  /** A WebSocket that the other side closed in good order before its time. */
  wentAway: boolean;
}

const ECHO_EVERY_MS = 100;

/** What one line of one kind keeps between its requests. */
export class Conversation {
  readonly #kind: Kind;
  readonly #target: Target;
  readonly #agent: Agent | false;
  readonly #h2: H2Line | null;
  readonly #body: Buffer;
  readonly #hash: string;

  constructor(kind: Kind, target: Target) {
    this.#kind = kind;
    this.#target = target;
    this.#agent = kind === 'fresh' ? false : new Agent({ keepAlive: true, maxSockets: 1 });
    const { secureAddress, host, timeoutMs } = target;
    this.#h2 = kind === 'h2' && secureAddress !== null ? new H2Line({ address: secureAddress, host, timeoutMs }) : null;
    this.#body = randomBytes(kind === 'upload' ? target.uploadBytes : 64);
    this.#hash = createHash('sha256').update(this.#body).digest('hex');
  }

  /** Rejects with what was wrong; `trace` then holds what had happened. */
  async speak(trace: Trace, id: number | null): Promise<Said> {
    if (this.#kind === 'websocket') return this.#webSocket(trace);
    const text = this.#h2 === null ? await this.#ask(trace, id) : await this.#h2.get('/', trace);
    if (id !== null && trace.headers['x-body-sha256'] !== this.#hash) {
      throw new Error('the app did not get the body as it was sent');
    }
    if (this.#kind === 'slow' && text !== SLOW_TEXT)
      throw new Error(`the stream is not whole: ${text.length} characters`);
    return { version: versionOf(trace, text), wentAway: false };
  }

  close(): void {
    if (this.#agent !== false) this.#agent.destroy();
    this.#h2?.close();
  }

  #ask(trace: Trace, id: number | null): Promise<string> {
    const { address, host, timeoutMs, uploadMs, eventsMs } = this.#target;
    const ask: Ask = {
      address,
      agent: this.#agent,
      path: this.#kind === 'slow' ? '/slow' : this.#kind === 'sse' ? '/events' : '/',
      headers: id === null ? { host } : { host, 'x-id': String(id) },
      body: id === null ? null : this.#body,
      bodyMs: this.#kind === 'upload' ? uploadMs : undefined,
      timeoutMs,
    };
    return exchange(ask, trace, this.#kind === 'sse' ? listen(eventsMs) : readText);
  }

  async #webSocket(trace: Trace): Promise<Said> {
    const { address, host, timeoutMs, webSocketMs } = this.#target;
    const messages = Math.max(1, Math.floor(webSocketMs / ECHO_EVERY_MS));
    const text = randomBytes(12).toString('hex');
    const end = await runSession(
      { address, host, path: '/ws', text, messages, pauseMs: ECHO_EVERY_MS, timeoutMs },
      trace,
    );
    return { version: end.version, wentAway: end.closedWith !== null };
  }
}

const SLOW_TEXT = Array.from({ length: 10 }, (_, i) => `part ${i + 1}\n`).join('');

/** Hears events for a while, without a gap in their numbers, then hangs up. */
function listen(eventsMs: number): Read<string> {
  return (incoming, done, fail) => {
    const until = nowMs() + eventsMs;
    let text = '';
    incoming.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (nowMs() < until || !text.endsWith('\n\n')) return;
      const numbers = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
      if (numbers.some((number, i) => number !== i + 1)) fail(new Error('there is a gap in the events'));
      else done(text);
      incoming.destroy();
    });
    incoming.once('close', () => fail(new Error('the events ended early')));
  };
}
