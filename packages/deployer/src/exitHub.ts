/** Tells whoever waits that an instance has ended. Fed by the engine's events. */
export interface ExitHub {
  /** Calls `listener` with the exit code when the instance ends; returns the function that stops listening. */
  on(instanceId: string, listener: (exitCode: number | null) => void): () => void;
  exited(instanceId: string, exitCode: number | null): void;
}

export function createExitHub(): ExitHub {
  const listeners = new Map<string, Set<(exitCode: number | null) => void>>();
  return {
    on(instanceId, listener) {
      const set = listeners.get(instanceId) ?? new Set();
      listeners.set(instanceId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(instanceId);
      };
    },
    exited(instanceId, exitCode) {
      for (const listener of [...(listeners.get(instanceId) ?? [])]) listener(exitCode);
    },
  };
}
