/** Moments and durations as people say them. */

const UNITS = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
  { ms: 1_000, name: 's' },
] as const;

/** `2026-11-21T09:00:00Z` → `5 min ago`. A moment that cannot be read stays as it is not: `?`. */
export function ago(at: string, nowMs: number): string {
  const passedMs = nowMs - Date.parse(at);
  if (Number.isNaN(passedMs)) return '?';
  const unit = UNITS.find(({ ms }) => passedMs >= ms);
  return unit === undefined ? 'just now' : `${Math.floor(passedMs / unit.ms)} ${unit.name} ago`;
}

/** `842 ms`, `3.2 s`, `1 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

/** The time of day to the second, local: `14:02:07`. */
export function timeOfDay(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '?' : `${clock(at)}:${String(date.getSeconds()).padStart(2, '0')}`;
}

/** The time of day, local: `14:02`. */
export function clock(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '?';
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}
