/** The one packed value that HAProxy holds per app: which backend has its requests, or which page stands in. Writes nothing. */
import type { Colour, Route } from '@teal/core';

/**
 * `s7b`: pool blue of slot 7 has the requests. `_…`: look closer: `_m:s7b` maintenance, `_h:s7b` HTTPS only, `_mh:s7b` both,
 * `_e:`, `_s:` empty and stopped (with flags `_em:`, `_eh:`, …).
 */
export function packState(route: Route, slot: number): string {
  const flags = `${route.maintenance ? 'm' : ''}${route.httpsOnly ? 'h' : ''}`;
  if (route.mode !== 'up') return `_${route.mode === 'empty' ? 'e' : 's'}${flags}:`;
  const backend = backendName(slot, route.live);
  return flags === '' ? backend : `_${flags}:${backend}`;
}

/** Null for what `packState` never writes for this slot. */
export function unpackState(value: string, slot: number): Route | null {
  const marks = /^_([esmh]+):/.exec(value)?.[1] ?? '';
  const flags = { ...(marks.includes('m') && { maintenance: true }), ...(marks.includes('h') && { httpsOnly: true }) };
  const live = value.endsWith('b') ? 'blue' : 'green';
  const route: Route = marks.includes('e')
    ? { mode: 'empty', ...flags }
    : marks.includes('s')
      ? { mode: 'stopped', ...flags }
      : { mode: 'up', live, ...flags };
  return packState(route, slot) === value ? route : null;
}

export function backendName(slot: number, colour: Colour): string {
  return `s${slot}${colour === 'blue' ? 'b' : 'g'}`;
}

/** `s7b` → blue; null for every other backend. */
export function colourOf(backend: string): Colour | null {
  const last = /^s\d+([bg])$/.exec(backend)?.[1];
  return last === undefined ? null : last === 'b' ? 'blue' : 'green';
}
