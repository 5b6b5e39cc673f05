/** What a git process prints, while it goes on: one that keeps somebody waiting for too long is ended. */
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { TealError } from '@teal/core';

/** Between two pieces of an answer; git reads from a disk beside it. */
export const SILENCE_MS = 30_000;

/** Throws `source_unavailable` once the process has said nothing for `silenceMs` while its next piece was asked for. */
export async function* spoken(
  child: ChildProcessByStdio<Writable | null, Readable, null>,
  silenceMs: number,
): AsyncGenerator<Buffer> {
  const pieces = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      let silent = false;
      const timer = setTimeout(() => {
        silent = true;
        child.kill('SIGKILL');
      }, silenceMs);
      const next = await pieces.next().finally(() => clearTimeout(timer));
      if (silent) throw new TealError('source_unavailable', { detail: `no answer within ${silenceMs / 1_000} s` });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await pieces.return?.();
  }
}
