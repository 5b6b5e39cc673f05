/**
 * What one asker may reach of the store: the things of their organisations, or of one app. Requests get nothing but this, so
 * that a route which forgets a check still finds nothing of others. Owned values come from here alone, by type and at run time.
 */
import {
  type App,
  type Deployment,
  type Environment,
  type Image,
  type Instance,
  type InstanceUsageMinute,
  type LogLine,
  type Release,
  type Role,
  TealError,
  type TrafficMinute,
} from '@teal/core';
import type { Store, StoreEvent, UsageRecords } from '@teal/deployer';
import type { Principal } from './accounts.ts';

declare const owned: unique symbol;
/** Handed out for one reach: who holds it has been let through to it. */
type Owned<T> = T & { readonly [owned]: true };
export type OwnedApp = Owned<App>;
export type OwnedDeployment = Owned<Deployment>;
export type OwnedOrganisation = Owned<{ readonly id: string; readonly name: string; readonly role: Role }>;

export interface Within {
  apps: {
    /** By name or id; null when there is none within reach. */
    find(nameOrId: string): Promise<OwnedApp | null>;
    list(): Promise<OwnedApp[]>;
    /** A newer value of an app within reach. */
    adopt(app: App): OwnedApp;
    changeEnvironment(app: OwnedApp, change: { set: Environment; unset: readonly string[] }): Promise<OwnedApp>;
    maintenancePage(app: OwnedApp): Promise<string | null>;
  };
  organisations: {
    list(): OwnedOrganisation[];
    find(id: string): OwnedOrganisation | null;
  };
  deployments: {
    find(app: OwnedApp, id: string): Promise<OwnedDeployment | null>;
    list(app: OwnedApp, page: { limit: number; before: number | null }): Promise<OwnedDeployment[]>;
    active(app: OwnedApp): Promise<OwnedDeployment | null>;
    next(app: OwnedApp): Promise<OwnedDeployment | null>;
    live(app: OwnedApp): Promise<OwnedDeployment | null>;
  };
  releases: { get(app: OwnedApp, id: string): Promise<Release | null>; list(app: OwnedApp): Promise<Release[]> };
  images: { list(app: OwnedApp): Promise<Image[]> };
  instances: { list(app: OwnedApp): Promise<Instance[]> };
  logs: { read(deployment: OwnedDeployment, after: number): Promise<LogLine[]> };
  traffic: { read(app: OwnedApp, span: { from: Date; to: Date }): Promise<TrafficMinute[]> };
  usage: { read(app: OwnedApp, span: { from: Date; to: Date }): Promise<InstanceUsageMinute[]> };
  /** Changes of apps within reach, those made later included; `resync` when some may have been missed. */
  subscribe(listener: (event: StoreEvent) => void): Promise<() => void>;
}

type Reachable = Pick<
  Store,
  'apps' | 'deployments' | 'releases' | 'images' | 'instances' | 'logs' | 'traffic' | 'bus'
> & {
  usage: Pick<UsageRecords, 'read'>;
};

/** One app only, where the token is good for one; else all of one's organisations. */
export function within(store: Reachable, { memberships, token }: Pick<Principal, 'memberships' | 'token'>): Within {
  const roles = new Map(memberships.map((membership) => [membership.organisationId, membership]));
  const onlyApp = token?.appId ?? null;
  const reaches = (app: App) => roles.has(app.organisationId) && (onlyApp === null || onlyApp === app.id);
  const own = (app: App): OwnedApp => {
    if (!reaches(app)) throw new TealError('app_not_found', { name: app.name });
    return app as OwnedApp;
  };
  const ownIfAny = <T extends Deployment>(deployment: T | null) => deployment as Owned<T> | null;
  const apps = appsWithin(store, { organisationIds: [...roles.keys()], own, reaches });
  return {
    apps,
    organisations: {
      list: () => (onlyApp === null ? [...roles.values()] : []).map(toOrganisation),
      find(id) {
        const membership = onlyApp === null ? roles.get(id) : undefined;
        return membership === undefined ? null : toOrganisation(membership);
      },
    },
    deployments: {
      find: async (app, id) => ownIfAny(await store.deployments.find(own(app).id, id)),
      list: async (app, page) => (await store.deployments.list(own(app).id, page)) as OwnedDeployment[],
      active: async (app) => ownIfAny(await store.deployments.active(own(app).id)),
      next: async (app) => ownIfAny(await store.deployments.next(own(app).id)),
      live: async (app) => ownIfAny(await store.deployments.live(own(app).id)),
    },
    releases: {
      async get(app, id) {
        const release = await store.releases.get(id);
        return release?.appId === own(app).id ? release : null;
      },
      list: async (app) => store.releases.list(own(app).id),
    },
    images: { list: async (app) => store.images.list(own(app).id) },
    instances: { list: async (app) => store.instances.list(own(app).id) },
    logs: { read: (deployment, after) => store.logs.read(deployment.id, after) },
    traffic: { read: async (app, span) => store.traffic.read(own(app).id, span) },
    usage: { read: async (app, span) => store.usage.read(own(app).id, span) },
    subscribe: (listener) => subscribe(store, apps, listener),
  };
}

function toOrganisation({ organisationId: id, organisationName: name, role }: Principal['memberships'][number]) {
  return { id, name, role } as OwnedOrganisation;
}

interface Limits {
  organisationIds: readonly string[];
  own: (app: App) => OwnedApp;
  reaches: (app: App) => boolean;
}

function appsWithin(store: Reachable, { organisationIds, own, reaches }: Limits): Within['apps'] {
  return {
    async find(nameOrId) {
      for (const id of organisationIds) {
        const app = await store.apps.find(id, nameOrId);
        if (app !== null) return reaches(app) ? own(app) : null;
      }
      return null;
    },
    async list() {
      const lists = await Promise.all(organisationIds.map((id) => store.apps.list(id)));
      const all = lists.flat().filter(reaches).map(own);
      return all.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    adopt: own,
    changeEnvironment: async (app, change) => own(await store.apps.changeEnvironment(own(app).id, change)),
    maintenancePage: async (app) => store.apps.maintenancePage(own(app).id),
  };
}

async function subscribe(
  { bus }: Reachable,
  apps: Within['apps'],
  listener: (event: StoreEvent) => void,
): Promise<() => void> {
  const visible = new Set<string>();
  const sees = async (event: StoreEvent) => {
    if (event.kind === 'resync') return true;
    if (!('appId' in event)) return false;
    // An app that was not there before: looked up once it says something, never for those of others that are silent.
    if (!visible.has(event.appId) && event.kind === 'app' && (await apps.find(event.appId)) !== null)
      visible.add(event.appId);
    return visible.has(event.appId);
  };
  // One after the other, so that they are told in the order they came.
  let turn = Promise.resolve();
  const unsubscribe = bus.subscribe((event) => {
    turn = turn
      .then(async () => {
        if (await sees(event)) listener(event);
      })
      .catch(() => listener({ kind: 'resync' }));
  });
  try {
    for (const app of await apps.list()) visible.add(app.id);
  } catch (error) {
    unsubscribe();
    throw error;
  }
  return unsubscribe;
}
