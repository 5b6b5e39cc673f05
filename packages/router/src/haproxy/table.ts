/** What Teal told the router, as plain data: apps, hosts, routes, pools, pages, certificates. Opens no connection. */
import { type Colour, ROUTE_UNKNOWN, type Route } from '@teal/core';
import type { Certificate, Pool } from '@teal/deployer';

export interface AppEntry {
  appId: string;
  route: Route;
  hosts: readonly string[];
  maintenanceHtml: string | null;
  pools: Record<Colour, Pool | null>;
}

export interface TableDump {
  apps: AppEntry[];
  certificates: readonly Certificate[];
}

export const COLOURS = ['blue', 'green'] as const;

export class Table {
  readonly apps = new Map<string, AppEntry>();
  /** Host → id of the app that claimed it last. */
  readonly owners = new Map<string, string>();
  certificates: readonly Certificate[] = [];

  /** Made when it is not there. */
  app(appId: string): AppEntry {
    let app = this.apps.get(appId);
    if (app === undefined) {
      app = { appId, route: ROUTE_UNKNOWN, hosts: [], maintenanceHtml: null, pools: { blue: null, green: null } };
      this.apps.set(appId, app);
    }
    return app;
  }

  /** Returns the hosts that nobody has any more. */
  setHosts(appId: string, hosts: readonly string[]): string[] {
    const app = this.app(appId);
    const lost = app.hosts.filter((host) => this.owners.get(host) === appId && !hosts.includes(host));
    for (const host of lost) this.owners.delete(host);
    for (const host of hosts) this.owners.set(host, appId);
    app.hosts = [...hosts];
    return lost;
  }

  /** Returns the hosts that nobody has any more. */
  remove(appId: string): string[] {
    if (!this.apps.has(appId)) return [];
    const lost = this.setHosts(appId, []);
    this.apps.delete(appId);
    return lost;
  }

  dump(): TableDump {
    return { apps: [...this.apps.values()], certificates: this.certificates };
  }

  fill({ apps, certificates }: TableDump): void {
    this.apps.clear();
    this.owners.clear();
    for (const app of apps) {
      this.apps.set(app.appId, app);
      for (const host of app.hosts) this.owners.set(host, app.appId);
    }
    this.certificates = certificates;
  }
}
