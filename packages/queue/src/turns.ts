/** Lets tasks with the same key run one after the other. BullMQ may run a job twice at once after its lock ran out. */
export interface Turns {
  take(key: string, task: () => Promise<void>): Promise<void>;
  /** Whether a task of this key runs or waits. */
  isTaken(key: string): boolean;
  /** Keys of which a task runs. */
  taken(): number;
  /** Resolves when no task runs. */
  idle(): Promise<void>;
}

export function createTurns(): Turns {
  const tails = new Map<string, Promise<void>>();
  return {
    take(key, task) {
      const turn = (tails.get(key) ?? Promise.resolve()).then(task);
      const tail = turn.catch(() => {});
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      return turn;
    },
    isTaken: (key) => tails.has(key),
    taken: () => tails.size,
    async idle() {
      await Promise.all(tails.values());
    },
  };
}
