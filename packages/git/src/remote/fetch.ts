/** Serves `git fetch` and `git clone`: checks that the request is one, then lets node-git-server run upload-pack. */
import type { ChildProcess } from 'node:child_process';
import { TealError } from '@teal/core';
import { ByteReader } from '../source/bytes.ts';
import { Answer } from './answer.ts';
import { drain, openBody } from './body.ts';
import { stopChild } from './child.ts';
import { type Exchange, remaining } from './exchange.ts';
import { run } from './library.ts';
import { readPacket } from './packet.ts';

const RESULT = { 'content-type': 'application/x-git-upload-pack-result', 'cache-control': 'no-cache' };

/** What the client wants and has; a history of 300,000 commits still fits. Unpacked size. */
const FETCH_MAX_BYTES = 32 * 1024 * 1024;
/** How long a client may go on sending after its answer. */
const DRAIN_DEADLINE_MS = 60_000;

/** Throws before it has answered anything: `push_malformed`, `request_too_large`. */
export async function serveFetch(exchange: Exchange): Promise<void> {
  const { request, response, repository, gone } = exchange;
  const body = openBody(request, FETCH_MAX_BYTES);
  const reader = new ByteReader(body.chunks);
  let child: ChildProcess | undefined;
  const stop = () => void (child && stopChild(child));
  gone.addEventListener('abort', stop, { once: true });
  try {
    const first = await readPacket(reader);
    if (first === null || first.payload === null) {
      // Git's probe: an empty request that asks whether a large one would be let in.
      if (first === null || (await reader.some()) === null) return void response.writeHead(200, RESULT).end();
    }
    const wanted = first?.payload?.toString('latin1', 0, 5);
    if (first === null || wanted !== 'want ') throw new TealError('push_malformed', { detail: 'it is no fetch' });
    const answer = new Answer(response);
    const onChild = (started: ChildProcess) => {
      child = started;
      if (gone.aborted) stop();
    };
    await run({ repository, service: 'upload-pack', answer, head: first.raw, rest: remaining(reader), onChild });
  } finally {
    if (child !== undefined) await stopChild(child);
    gone.removeEventListener('abort', stop);
    body.release();
  }
  await drain(request, { maxBytes: FETCH_MAX_BYTES, timeoutMs: DRAIN_DEADLINE_MS });
}
