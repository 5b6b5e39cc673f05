/** What the router does with an app's requests: one value per app, written in one step. */
import type { Colour } from './colour.ts';

export type Route =
  /** All requests go to the pool of this colour. */
  | { mode: 'up'; live: Colour }
  /** Nothing has gone live yet. */
  | { mode: 'empty' }
  /** Stopped by a person. */
  | { mode: 'stopped' };

export const ROUTE_UNKNOWN: Route = Object.freeze({ mode: 'empty' });

export function sameRoute(a: Route, b: Route): boolean {
  return a.mode === b.mode && (a.mode !== 'up' || b.mode !== 'up' || a.live === b.live);
}
