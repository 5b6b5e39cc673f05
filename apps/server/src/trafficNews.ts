/** Tells who watches that apps had traffic: their ids, gathered for a moment, so that figures are read and not sent. */
import type { TrafficMinute } from '@teal/core';

/** The store has what was told by then, and nobody reads figures more often than this. */
const GATHER_MS = 2_000;

export interface TrafficNews {
  /** Calls `listener` with the ids of apps whose figures have grown. Returns the function that ends it. */
  subscribe(listener: (appIds: string[]) => void): () => void;
}

export function createTrafficNews(recorder: {
  watch(listener: (minutes: readonly TrafficMinute[]) => void): void;
}): TrafficNews {
  const listeners = new Set<(minutes: readonly TrafficMinute[]) => void>();
  recorder.watch((minutes) => {
    for (const listener of listeners) listener(minutes);
  });
  return {
    subscribe(listener) {
      const gathered = new Set<string>();
      let timer: NodeJS.Timeout | null = null;
      const tell = () => {
        timer = null;
        listener([...gathered]);
        gathered.clear();
      };
      const take = (minutes: readonly TrafficMinute[]) => {
        for (const { appId } of minutes) gathered.add(appId);
        if (gathered.size > 0) timer ??= setTimeout(tell, GATHER_MS);
      };
      listeners.add(take);
      return () => {
        listeners.delete(take);
        if (timer !== null) clearTimeout(timer);
      };
    },
  };
}
