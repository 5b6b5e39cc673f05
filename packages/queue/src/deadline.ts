/** Ends the waiting for BullMQ, which waits for its database without end. What was asked may still be done. */
import { isTealError, TealError } from '@teal/core';

/** Rejects with `queue_unavailable` after `timeoutMs`, and where the work fails. */
export async function withinDeadline<T>(
  backend: 'postgres' | 'redis',
  timeoutMs: number,
  work: Promise<T>,
): Promise<T> {
  const named = backend === 'postgres' ? 'on PostgreSQL' : 'on Redis';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const detail = `no answer within ${timeoutMs / 1_000} s`;
    timer = setTimeout(() => reject(new TealError('queue_unavailable', { backend: named, detail })), timeoutMs);
  });
  // Its own end comes too late for anybody.
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } catch (cause) {
    if (isTealError(cause)) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new TealError('queue_unavailable', { backend: named, detail }, { cause });
  } finally {
    clearTimeout(timer);
  }
}
