/** Apps, their hosts, pools and routes, in memory. A flip is one assignment here; opens no connection. */
import { ROUTE_UNKNOWN, type Route } from '@teal/core';
import type { ObservedApp, Pool } from '@teal/deployer';
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
}

export type Choice =
  | { kind: 'member'; upstream: Upstream; deploymentId: string }
  | { kind: 'empty' | 'stopped' | 'noMember' };

/** The next member of the live pool that is not in `tried`. */
export function choose(app: RoutedApp, tried: ReadonlySet<Upstream>): Choice {
  if (app.route.mode !== 'up') return { kind: app.route.mode };
  const live = app.pools[app.route.live];
  if (live === null) return { kind: 'noMember' };
  for (let i = 0; i < live.upstreams.length; i += 1) {
    app.turn = (app.turn + 1) % live.upstreams.length;
    const upstream = live.upstreams[app.turn];
    if (upstream !== undefined && !tried.has(upstream)) {
      return { kind: 'member', upstream, deploymentId: live.pool.deploymentId };
    }
  }
  return { kind: 'noMember' };
}

export class Table {
  readonly #apps = new Map<string, RoutedApp>();
  readonly #hosts = new Map<string, RoutedApp>();

  appOf(host: string): RoutedApp | undefined {
    return this.#hosts.get(host);
  }

  setRoute(appId: string, route: Route): void {
    this.#app(appId).route = route;
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
