/** One HTTP exchange with the server. Knows nothing of what is asked. */
import type { IncomingMessage, RequestOptions } from 'node:http';
import { CommandError } from '../output/exit.ts';
import type { Server } from './server.ts';

const ANSWER_MAX_BYTES = 64 * 1024 * 1024;
export const ANSWER_TIMEOUT_MS = 30_000;

export interface Exchange {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal: AbortSignal;
  /** Longest silence before and in an answer; 0 for streams, which may be silent. */
  silenceMs?: number;
}

export function unreachable(server: Server, cause: unknown): CommandError {
  const why = (cause as NodeJS.ErrnoException | null)?.code;
  return new CommandError(
    'unreachable',
    'server_unreachable',
    `Teal does not answer at ${server.url.origin}${why === undefined ? '' : ` (${why})`}. Is it running? "teal up" starts it; TEAL_URL or "teal login" choose another.`,
    { cause },
  );
}

/** Resolves with the answer's head, its body still to be read; rejects `server_unreachable`. */
export async function openExchange(server: Server, exchange: Exchange): Promise<IncomingMessage> {
  const { request } = server.url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const outgoing = request(requestOptions(server, exchange), resolve);
    outgoing.on('error', (cause) => reject(exchange.signal.aborted ? cause : unreachable(server, cause)));
    // A peer that vanished without a word (sleep, cut network) is noticed by the kernel's probes.
    outgoing.on('socket', (socket) => socket.setKeepAlive(true, 15_000));
    const silenceMs = exchange.silenceMs ?? ANSWER_TIMEOUT_MS;
    if (silenceMs > 0) {
      outgoing.setTimeout(silenceMs, () =>
        outgoing.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
      );
    }
    outgoing.end(exchange.body);
  });
}

function requestOptions(server: Server, exchange: Exchange): RequestOptions {
  const { url, token } = server;
  return {
    method: exchange.method,
    // getaddrinfo does not resolve *.localhost everywhere (RFC 6761 wants it to): loopback it is.
    hostname: url.hostname.endsWith('.localhost') ? '127.0.0.1' : url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: exchange.path,
    signal: exchange.signal,
    headers: {
      Host: url.host,
      'User-Agent': 'teal-cli',
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(exchange.body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(exchange.body)) }),
      ...exchange.headers,
    },
  };
}

/** The whole body as text; rejects `server_unreachable` when it ends early. */
export async function readBody(server: Server, answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) throw new Error('the answer is too large');
      chunks.push(chunk);
    }
  } catch (cause) {
    throw unreachable(server, cause);
  }
  return Buffer.concat(chunks).toString('utf8');
}
