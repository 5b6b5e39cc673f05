/** Reservations held in memory, for suites that need no database. */
import type { Reservations } from '@teal/deployer';

export function memoryReservations(): Reservations {
  const kept = { subnet: new Map<string, string>(), port: new Map<string, string>() };
  return {
    async reserve(kind, ownerId, candidates) {
      const held = kept[kind].get(ownerId);
      if (held !== undefined) return held;
      const taken = new Set(kept[kind].values());
      const free = candidates.find((candidate) => !taken.has(candidate)) ?? null;
      if (free !== null) kept[kind].set(ownerId, free);
      return free;
    },
    async release(kind, ownerId) {
      kept[kind].delete(ownerId);
    },
    async list(kind) {
      return new Map(kept[kind]);
    },
  };
}
