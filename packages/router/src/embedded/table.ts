/** Apps, their hosts, pools and routes, in memory. A flip is one assignment here; opens no connection. */
import { type Colour, ROUTE_UNKNOWN, type Route } from '@teal/core';
import type { ObservedApp, Pool } from '@teal/deployer';
import { Line } from './line.ts';
import { Upstream } from './upstream.ts';

interface RoutedPool {
  pool: Pool;
  upstreams: readonly Upstream[];
}

export interface RoutedApp {
  readonly appId: string;
  route: Route;
  hosts: readonly string[];
  /** The owner's own HTML for maintenance. */
  maintenanceHtml: string | null;
  readonly pools: { blue: RoutedPool | null; green: RoutedPool | null };
  /** Whose turn it is. */
  turn: number;
  /** Requests for which no member has a place. */
  readonly line: Line;
}

export type Choice =
  | { kind: 'member'; upstream: Upstream; colour: Colour; deploymentId: string }
  | { kind: 'empty' | 'stopped' | 'noMember' }
  /** There are members, and none has a place. */
  | { kind: 'busy' };

/** The choice of a request that need not wait. */
export type Settled = Exclude<Choice, { kind: 'busy' }>;

export interface ChooseOptions {
  /** Members that are not asked again. */
  tried: ReadonlySet<Upstream>;
  /** A member is asked while it has fewer requests than these. */
  maxRequests: number;
}

/** The next member of the live pool that has a place; one that is down only where no other is left. */
export function choose(app: RoutedApp, { tried, maxRequests }: ChooseOptions): Choice {
  const { route } = app;
  if (route.mode !== 'up') return { kind: route.mode };
  const live = app.pools[route.live];
  if (live === null) return { kind: 'noMember' };
  const { upstreams } = live;
  let down: number | null = null;
  let busy = false;
  const take = (turn: number): Choice => {
    app.turn = turn;
    const upstream = upstreams[turn] as Upstream;
    return { kind: 'member', upstream, colour: route.live, deploymentId: live.pool.deploymentId };
  };
  for (let i = 1; i <= upstreams.length; i += 1) {
    const turn = (app.turn + i) % upstreams.length;
    const upstream = upstreams[turn];
    if (upstream === undefined || tried.has(upstream)) continue;
    if (!upstream.hasPlace(maxRequests)) busy = true;
    else if (upstream.isDown) down ??= turn;
    else return take(turn);
  }
  if (busy) return { kind: 'busy' };
  return down === null ? { kind: 'noMember' } : take(down);
}

export class Table {
  readonly #apps = new Map<string, RoutedApp>();
  readonly #hosts = new Map<string, RoutedApp>();

  appOf(host: string): RoutedApp | undefined {
    return this.#hosts.get(host);
  }

  setRoute(appId: string, route: Route): void {
    const app = this.#app(appId);
    app.route = route;
    app.line.advance();
  }

  setPool(pool: Pool): void {
    const app = this.#app(pool.appId);
    const before = upstreamsOf(app);
    const upstreams = pool.members.map(
      (member) => before.find((upstream) => upstream.is(member)) ?? new Upstream(member),
    );
    const members = pool.members.map((member) => ({ ...member, address: { ...member.address } }));
    app.pools[pool.colour] = { pool: { ...pool, members }, upstreams };
    const after = new Set(upstreamsOf(app));
    for (const upstream of before) if (!after.has(upstream)) upstream.retire();
    app.line.advance();
  }

  setHosts(appId: string, hosts: readonly string[]): void {
    const app = this.#app(appId);
    this.#forgetHosts(app);
    app.hosts = [...hosts];
    for (const host of hosts) this.#hosts.set(host, app);
  }

  setMaintenancePage(appId: string, html: string | null): void {
    this.#app(appId).maintenanceHtml = html;
  }

  remove(appId: string): void {
    const app = this.#apps.get(appId);
    if (app === undefined) return;
    this.#apps.delete(appId);
    this.#forgetHosts(app);
    for (const upstream of upstreamsOf(app)) upstream.retire();
    // A request that still holds the app and looks for another member must find none.
    app.route = ROUTE_UNKNOWN;
    app.line.advance();
  }

  observe(appId: string): ObservedApp | null {
    const app = this.#apps.get(appId);
    if (app === undefined) return null;
    const { blue, green } = app.pools;
    return { route: app.route, hosts: app.hosts, pools: { blue: blue?.pool ?? null, green: green?.pool ?? null } };
  }

  list(): string[] {
    return [...this.#apps.keys()];
  }

  /** Closes every idle connection to a member. */
  retireAll(): void {
    for (const app of this.#apps.values()) for (const upstream of upstreamsOf(app)) upstream.retire();
  }

  #app(appId: string): RoutedApp {
    let app = this.#apps.get(appId);
    if (app === undefined) {
      app = {
        appId,
        route: ROUTE_UNKNOWN,
        hosts: [],
        maintenanceHtml: null,
        pools: { blue: null, green: null },
        turn: 0,
        line: new Line(),
      };
      this.#apps.set(appId, app);
    }
    return app;
  }

  #forgetHosts(app: RoutedApp): void {
    for (const host of app.hosts) if (this.#hosts.get(host) === app) this.#hosts.delete(host);
  }
}

function upstreamsOf(app: RoutedApp): Upstream[] {
  return [...new Set([...(app.pools.blue?.upstreams ?? []), ...(app.pools.green?.upstreams ?? [])])];
}
