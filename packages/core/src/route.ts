/** What the router does with an app's requests: one value per app, written in one step. */
import type { Colour } from './colour.ts';
import type { App } from './model.ts';

export interface RouteFlags {
  /** Every request but the proof gets the maintenance page; the pools stay as they are. Absent means false. */
  maintenance?: boolean;
  /** Requests over plain HTTP, the proof aside, are redirected to HTTPS. Absent means false. */
  httpsOnly?: boolean;
}

/** Where an app's requests go. */
export type Destination =
  | /** All requests go to the pool of this colour. */ { mode: 'up'; live: Colour }
  | /** Nothing has gone live yet. */ { mode: 'empty' }
  | /** Stopped by a person. */ { mode: 'stopped' };

export type Route = RouteFlags & Destination;

export const ROUTE_UNKNOWN: Route = Object.freeze({ mode: 'empty' });

/** An app's route to `to`, with the flags that its row asks for: every write of a route is made here. */
export function routeOf(app: Pick<App, 'maintenance' | 'settings'>, to: Destination): Route {
  return {
    ...to,
    ...(app.maintenance ? { maintenance: true } : {}),
    ...(app.settings.httpsOnly ? { httpsOnly: true } : {}),
  };
}

export function sameRoute(a: Route, b: Route): boolean {
  const sameFlags = !a.maintenance === !b.maintenance && !a.httpsOnly === !b.httpsOnly;
  const sameLive = a.mode !== 'up' || b.mode !== 'up' || a.live === b.live;
  return sameFlags && a.mode === b.mode && sameLive;
}
