/** Hands over what arrives in batches, one at a time. */

/** Returns `add`. While `take` works on a batch, the next one gathers: nothing is lost and nothing piles up. */
export function inBatches<T>(take: (batch: T[]) => Promise<unknown>): (item: T) => void {
  let gathered: T[] = [];
  let working = false;

  const work = async () => {
    working = true;
    while (gathered.length > 0) {
      const batch = gathered;
      gathered = [];
      // a failed batch shows in the queries it asked for; the next one must still come
      await take(batch).catch(() => undefined);
    }
    working = false;
  };
  return (item) => {
    gathered.push(item);
    if (!working) void work();
  };
}
