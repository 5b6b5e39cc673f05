/** How much disk and memory must be free before something is begun that needs more. Measures nothing. */
import { TealError } from './error.ts';

const MIB = 1024 * 1024;

/** One place that can run full, as it is now. */
export interface Room {
  /** For people: "the disk of the data folder". */
  what: string;
  kind: 'disk' | 'memory';
  freeBytes: number;
  totalBytes: number;
}

/** What stays free for what runs already: the database, logs, and apps. A build takes more than what a push brings. */
export function reserveBytes(
  { kind, totalBytes }: Pick<Room, 'kind' | 'totalBytes'>,
  purpose: 'push' | 'build',
): number {
  if (kind === 'memory') return purpose === 'push' ? 0 : Math.min(192 * MIB, totalBytes * 0.05);
  if (purpose === 'push') return Math.max(32 * MIB, Math.min(256 * MIB, totalBytes * 0.05));
  return Math.max(64 * MIB, Math.min(512 * MIB, totalBytes * 0.1));
}

/** The first place that is too full, as the error that says so; null when there is room. */
export function shortageOf(rooms: readonly Room[], purpose: 'push' | 'build'): TealError | null {
  const full = rooms.find((room) => room.freeBytes < reserveBytes(room, purpose));
  if (full === undefined) return null;
  if (purpose === 'push') return new TealError('disk_full');
  const facts = { what: full.what, free: mebibytes(full.freeBytes), needed: mebibytes(reserveBytes(full, purpose)) };
  return new TealError(full.kind === 'disk' ? 'disk_short' : 'memory_short', facts);
}

const mebibytes = (bytes: number) => `${Math.floor(bytes / MIB)} MiB`;
