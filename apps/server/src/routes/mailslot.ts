/** A bounded queue between callbacks that put and one loop that takes. A reader too slow for it is cut off. */
const LIMIT = 10_000;

export interface Mailslot<T> {
  put(item: T): void;
  end(): void;
  /** Yields until `end`, the signal, or the limit. */
  take(): AsyncIterable<T>;
}

export function createMailslot<T>(signal: AbortSignal): Mailslot<T> {
  let items: T[] = [];
  let ended = signal.aborted;
  let wake: (() => void) | null = null;
  const end = () => {
    ended = true;
    wake?.();
  };
  signal.addEventListener('abort', end);
  return {
    put(item) {
      items.push(item);
      if (items.length > LIMIT) end();
      wake?.();
    },
    end,
    async *take() {
      try {
        for (;;) {
          const batch = items;
          items = [];
          yield* batch;
          if (items.length > 0) continue;
          if (ended) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = null;
        }
      } finally {
        signal.removeEventListener('abort', end);
      }
    },
  };
}
