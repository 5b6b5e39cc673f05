/** The body of a request, unpacked and limited. Answers nothing. */
import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import { TealError } from '@teal/core';

export interface Body {
  chunks: AsyncIterable<Buffer>;
  /** Stops reading and unpacking, so that {@link drain} may follow. */
  release(): void;
}

/** Throws `push_malformed` for an encoding that git never uses. Reading throws `request_too_large` beyond `maxBytes` unpacked, `push_malformed` for broken gzip. */
export function openBody(request: IncomingMessage, maxBytes: number): Body {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') {
    const chunks = request.iterator({ destroyOnReturn: false });
    return { chunks: limited(chunks, maxBytes), release: () => void chunks.return?.() };
  }
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new TealError('push_malformed', { detail: `the content encoding ${JSON.stringify(encoding.slice(0, 40))}` });
  }
  const gunzip = createGunzip();
  const abort = (error: Error) => gunzip.destroy(error);
  request.once('error', abort);
  request.pipe(gunzip);
  return {
    chunks: limited(unzipped(gunzip.iterator({ destroyOnReturn: false })), maxBytes),
    release: () => {
      request.unpipe(gunzip);
      request.off('error', abort);
      gunzip.on('error', () => {}).destroy();
    },
  };
}

async function* limited(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > maxBytes) throw new TealError('request_too_large', { limit: `${maxBytes} bytes` });
    yield chunk;
  }
}

async function* unzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw new TealError('push_malformed', { detail: 'its gzip data is broken' }, { cause: error });
  }
}

/**
 * Reads and drops what the client still sends after its answer, because a client that is cut while it sends never
 * reads the answer. Cuts it after all beyond `maxBytes` or `timeoutMs`.
 */
export async function drain(request: IncomingMessage, limits: { maxBytes: number; timeoutMs: number }): Promise<void> {
  if (request.complete || request.destroyed) return;
  let total = 0;
  const cut = () => request.socket.destroy();
  const timer = setTimeout(cut, limits.timeoutMs);
  const count = (chunk: Buffer) => {
    total += chunk.length;
    if (total > limits.maxBytes) cut();
  };
  await new Promise<void>((resolve) => {
    const done = () => resolve();
    request.on('data', count).once('end', done).once('close', done).once('error', done).resume();
  });
  clearTimeout(timer);
  request.off('data', count);
}
