/** One HTTP/1.1 request and its whole answer, noting what happened on the way. Never sends anything twice, judges nothing. */
import { type Agent, type IncomingMessage, request as openRequest } from 'node:http';
import type { Socket } from 'node:net';
import { nowMs } from './clock.ts';

/** What is known of a request so far; filled in as it goes, so that a failure can be explained. Moments are `nowMs()`. */
export interface Trace {
  startedAt: number;
  /** When its connection was asked for. */
  openedAt: number | null;
  /** When its connection was seen to stand: later than it did. */
  connectedAt: number | null;
  /** Another request was answered on the connection before. */
  reused: boolean;
  headAt: number | null;
  status: number | null;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes of the answer's body. */
  bodyBytes: number;
}

export function newTrace(): Trace {
  return {
    startedAt: nowMs(),
    openedAt: null,
    connectedAt: null,
    reused: false,
    headAt: null,
    status: null,
    headers: {},
    bodyBytes: 0,
  };
}

export interface Ask {
  address: { host: string; port: number };
  /** False: a connection of its own, closed after the answer. */
  agent: Agent | false;
  path: string;
  headers: Record<string, string>;
  /** A POST's body; null for a GET. */
  body: Buffer | null;
  /** The body is sent in pieces over this time instead of at once. */
  bodyMs?: number;
  timeoutMs: number;
}

/** Takes the answer and calls `done` or `fail`; the first call counts. */
export type Read<T> = (incoming: IncomingMessage, done: (value: T) => void, fail: (error: Error) => void) => void;

const PIECES = 16;
/** Of a page that came instead of an answer. */
const SHOWN_CHARACTERS = 200;
const known = new WeakMap<Socket, Pick<Trace, 'openedAt' | 'connectedAt'>>();

/**
 * Resolves with what `read` made of a 200; rejects with what was wrong. Settles only once the connection is free again
 * or closed, so that the next request on an agent of one connection cannot open a second one.
 */
export function exchange<T>(ask: Ask, trace: Trace, read: Read<T>): Promise<T> {
  const { address, agent, path, headers, body, timeoutMs } = ask;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const askedAt = nowMs();
  const outgoing = openRequest({
    ...address,
    agent,
    method: body === null ? 'GET' : 'POST',
    path,
    headers: { ...headers, ...(body === null ? {} : { 'content-length': body.length }) },
  });
  const timer = setTimeout(() => outgoing.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
  outgoing.once('socket', (socket) => {
    trace.reused = outgoing.reusedSocket;
    trace.openedAt = askedAt;
    const before = known.get(socket);
    if (before !== undefined) Object.assign(trace, before);
    else {
      socket.once('connect', () => {
        trace.connectedAt = nowMs();
        known.set(socket, { openedAt: askedAt, connectedAt: trace.connectedAt });
      });
    }
  });
  outgoing.once('response', (incoming) => {
    trace.headAt = nowMs();
    trace.status = incoming.statusCode ?? null;
    trace.headers = incoming.headers;
    incoming.on('data', (chunk: Buffer) => {
      trace.bodyBytes += chunk.length;
    });
    if (incoming.statusCode !== 200) {
      const refused = (text: string) =>
        reject(new Error(`answered ${incoming.statusCode}: ${text.slice(0, SHOWN_CHARACTERS).trim()}`));
      readText(incoming, refused, () => refused('…'));
      return;
    }
    read(incoming, resolve, reject);
  });
  outgoing.on('error', reject);
  const closed = new Promise<void>((settle) => outgoing.once('close', settle));
  if (body === null || ask.bodyMs === undefined) outgoing.end(body ?? undefined);
  else sendInPieces(outgoing, body, ask.bodyMs);
  return promise.finally(async () => {
    await closed;
    clearTimeout(timer);
  });
}

function sendInPieces(outgoing: ReturnType<typeof openRequest>, body: Buffer, bodyMs: number): void {
  const size = Math.ceil(body.length / PIECES);
  let sent = 0;
  const next = () => {
    if (outgoing.destroyed) return;
    outgoing.write(body.subarray(sent, sent + size));
    sent += size;
    if (sent < body.length) setTimeout(next, bodyMs / PIECES);
    else outgoing.end();
  };
  next();
}

/** The whole body as text. */
export const readText: Read<string> = (incoming, done, fail) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.once('end', () => {
    if (incoming.complete) done(Buffer.concat(chunks).toString());
  });
  incoming.once('close', () => fail(new Error(`the answer broke off after ${Buffer.concat(chunks).length} bytes`)));
};

const VERSION = /version["':=\s]+([\w.-]+)/gi;

/** The one version that header and body name; throws where there is none, or more than one. */
export function versionOf(trace: Trace, body: string): string {
  const named = new Set([...body.matchAll(VERSION)].map((match) => match[1] ?? ''));
  const header = trace.headers['x-version'];
  if (typeof header === 'string') named.add(header);
  const [version] = named;
  if (version === undefined) throw new Error('the answer names no version');
  if (named.size > 1) throw new Error(`the answer names several versions: ${[...named].join(', ')}`);
  return version;
}
