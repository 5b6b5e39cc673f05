/** Lines as they arrive: numbered ones come once and in order, and of an endless stream only the newest are kept. */

/** The lines with `fresh` behind them; those already there (a stream that began again) are dropped. */
export function appendNumbered<T extends { sequence: number }>(lines: readonly T[], fresh: readonly T[]): readonly T[] {
  let newest = lines.at(-1)?.sequence ?? 0;
  const added = fresh.filter(({ sequence }) => {
    const isNew = sequence > newest;
    if (isNew) newest = sequence;
    return isNew;
  });
  return added.length === 0 ? lines : lines.concat(added);
}

/** The newest `limit` of the lines and of those that follow them. */
export function appendBounded<T>(lines: readonly T[], fresh: readonly T[], limit: number): readonly T[] {
  const all = lines.concat(fresh);
  return all.length > limit ? all.slice(all.length - limit) : all;
}

/** Hands over in batches what arrives one by one: a page is drawn per batch and not per line. */
export function gatherLines<T>(take: (lines: T[]) => void, pauseMs: number): { add(line: T): void; close(): void } {
  let waiting: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    if (waiting.length === 0) return;
    const lines = waiting;
    waiting = [];
    take(lines);
  };
  return {
    add(line) {
      waiting.push(line);
      timer ??= setTimeout(flush, pauseMs);
    },
    /** Hands over what is left. */
    close() {
      clearTimeout(timer);
      flush();
    },
  };
}
