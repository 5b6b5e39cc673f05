/** What the router does with an app's requests: one value per app, written in one step. */
import type { Colour } from './colour.ts';

export interface RouteFlags {
  /** Every request but the proof gets the maintenance page; the pools stay as they are. Absent means false. */
  maintenance?: boolean;
  /** Requests over plain HTTP, the proof aside, are redirected to HTTPS. Absent means false. */
  httpsOnly?: boolean;
}

export type Route = RouteFlags &
  (
    | /** All requests go to the pool of this colour. */ { mode: 'up'; live: Colour }
    | /** Nothing has gone live yet. */ { mode: 'empty' }
    | /** Stopped by a person. */ { mode: 'stopped' }
  );

export const ROUTE_UNKNOWN: Route = Object.freeze({ mode: 'empty' });

export function sameRoute(a: Route, b: Route): boolean {
  const sameFlags = !a.maintenance === !b.maintenance && !a.httpsOnly === !b.httpsOnly;
  const sameLive = a.mode !== 'up' || b.mode !== 'up' || a.live === b.live;
  return sameFlags && a.mode === b.mode && sameLive;
}
