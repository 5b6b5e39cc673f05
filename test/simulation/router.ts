/** The router port in memory. Every routed instance has traffic: what it got goes on for a while after it is left out. */
import type { Address, Colour, Route } from '@teal/core';
import type { Member, ObservedApp, Pool, Router } from '@teal/deployer';
import type { Owner, Scheduler } from './scheduler.ts';

export interface RouterState {
  apps: Map<string, ObservedApp & { page: string | null }>;
  /** Instance id → when it was last given a request. */
  lastRoutedMs: Map<string, number>;
}

const PUBLIC: Address = { host: '10.0.0.1', port: 80 };
const BLANK = { route: { mode: 'empty' }, hosts: [], pools: { blue: null, green: null }, page: null } as const;

export class MemoryRouter {
  readonly #scheduler: Scheduler;
  state: RouterState = { apps: new Map(), lastRoutedMs: new Map() };
  version = 0;
  /** How long a request takes. */
  requestMs = 1_500;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  copyState(): RouterState {
    return { apps: new Map(this.state.apps), lastRoutedMs: new Map(this.state.lastRoutedMs) };
  }

  /** A router that lives in the process that died: nothing is left of table and connections. */
  lose(): void {
    this.version += 1;
    this.state = { apps: new Map(), lastRoutedMs: new Map() };
  }

  /** The pool that an app's requests go to; null when they go nowhere. */
  routed(appId: string): Pool | null {
    const app = this.state.apps.get(appId);
    return app?.route.mode === 'up' ? app.pools[app.route.live] : null;
  }

  appOf(host: string): string | null {
    for (const [appId, { hosts }] of this.state.apps) if (hosts.includes(host)) return appId;
    return null;
  }

  isRouted(instanceId: string): boolean {
    for (const appId of this.state.apps.keys())
      if (this.routed(appId)?.members.some((member) => member.instanceId === instanceId)) return true;
    return false;
  }

  isBusy(instanceId: string): boolean {
    const lastMs = this.state.lastRoutedMs.get(instanceId);
    return this.isRouted(instanceId) || (lastMs !== undefined && lastMs + this.requestMs > this.#scheduler.nowMs);
  }

  #write(appId: string, change: (app: ObservedApp & { page: string | null }) => Partial<typeof app>): void {
    for (const { instanceId } of this.routed(appId)?.members ?? [])
      this.state.lastRoutedMs.set(instanceId, this.#scheduler.nowMs);
    const app = this.state.apps.get(appId) ?? BLANK;
    this.version += 1;
    this.state.apps.set(appId, { ...app, ...change(app) });
  }

  portOf(owner: Owner): Router {
    const router = this;
    return {
      async setPool(pool) {
        router.#write(pool.appId, ({ pools }) => ({ pools: { ...pools, [pool.colour]: pool } }));
      },
      async setRoute(appId, route) {
        router.#write(appId, () => ({ route }));
      },
      async setHosts(appId, hosts) {
        router.#write(appId, () => ({ hosts: [...hosts] }));
      },
      async setMaintenancePage(appId, page) {
        router.#write(appId, () => ({ page }));
      },
      async removeApp(appId) {
        router.#write(appId, () => ({}));
        router.state.apps.delete(appId);
      },
      async setCertificates() {},
      async observe(appId) {
        const app = router.state.apps.get(appId);
        return app === undefined ? null : { route: app.route, hosts: app.hosts, pools: app.pools };
      },
      listApps: async () => [...router.state.apps.keys()],
      inFlight: async (ids) => ({ requests: ids.filter((id) => router.isBusy(id)).length, webSockets: 0 }),
      drained: (ids, { deadlineMs, signal }) => router.#drained(ids, { deadlineMs, signal, owner }),
      watchTraffic() {},
      async *accessLog() {},
      publicAddress: () => PUBLIC,
      secureAddress: () => null,
      async close() {},
    };
  }

  async #drained(
    ids: readonly string[],
    { deadlineMs, signal, owner }: { deadlineMs: number; signal: AbortSignal; owner: Owner },
  ): Promise<boolean> {
    const untilMs = this.#scheduler.nowMs + deadlineMs;
    while (!signal.aborted) {
      const busy = ids.filter((id) => this.isBusy(id));
      if (busy.length === 0) return true;
      if (this.#scheduler.nowMs >= untilMs) return false;
      const ends = busy.map((id) => (this.state.lastRoutedMs.get(id) ?? this.#scheduler.nowMs) + this.requestMs);
      const soonestMs = Math.max(...ends) - this.#scheduler.nowMs;
      const waitMs = Math.min(untilMs - this.#scheduler.nowMs, soonestMs > 0 ? soonestMs : this.requestMs);
      await Promise.race([
        this.#scheduler.pause(waitMs, owner),
        new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
      ]);
    }
    return false;
  }
}

export function membersKey(members: readonly Member[]): string {
  return members
    .map(({ instanceId, address }) => `${instanceId}@${address.port}`)
    .sort()
    .join(' ');
}

export type { Colour, Route };
