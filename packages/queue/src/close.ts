/** Closes BullMQ's parts also while their database is away, which they would wait for without end. */

const GRACE_MS = 3_000;

interface Closable {
  close(): Promise<void>;
  disconnect(): Promise<void>;
}

/** Closes in good order; drops the connections where that has not ended {@link GRACE_MS} after `idle`. */
export async function closeOrDrop(part: Closable, idle: Promise<void> = Promise.resolve()): Promise<void> {
  const closed = part.close();
  closed.catch(() => {});
  await idle;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), GRACE_MS);
  });
  const outcome = await Promise.race([closed, late]);
  clearTimeout(timer);
  // BullMQ's own waiting never ends then, nor does it hold anything that must be saved.
  if (outcome === 'late') part.disconnect().catch(() => {});
}
