/** The reconciler's plan: what is wanted against what is seen → actions. A pure function, no order hidden in it. */
import type { Colour } from './colour.ts';
import type { App, Deployment, Instance, Release } from './model.ts';
import { keptReleases } from './release.ts';
import { type Route, sameRoute } from './route.ts';

/** What an engine says of one instance that carries this platform's label. */
export interface ObservedInstance {
  instanceId: string;
  appId: string;
  ref: string;
  status: 'running' | 'frozen' | 'exited';
  address: { host: string; port: number } | null;
}

export interface Desired {
  app: App;
  releases: readonly Release[];
  instances: readonly Instance[];
  /** The deployment in progress, if any; its instances are its own business. */
  active: Deployment | null;
}

export interface Observed {
  instances: readonly ObservedInstance[];
  route: Route | null;
  /** Instance ids that are members of each pool; null when the router knows no such pool. */
  pools: Readonly<Record<Colour, readonly string[] | null>>;
}

export type Action =
  | { do: 'remove-unknown'; ref: string; instanceId: string }
  | { do: 'mark-off'; instanceId: string }
  | { do: 'take-address'; instanceId: string; address: { host: string; port: number } }
  | { do: 'restart-live'; releaseId: string }
  | { do: 'fill-pool'; colour: Colour; releaseId: string }
  | { do: 'set-route'; route: Route }
  | { do: 'retire'; releaseId: string };

/** The route that an app's rows ask for. */
export function desiredRoute(app: App, instances: readonly Instance[]): Route {
  if (app.stopped) return { mode: 'stopped' };
  if (app.liveReleaseId === null) return { mode: 'empty' };
  const live = instances.find((i) => i.releaseId === app.liveReleaseId && i.state !== 'off');
  return live === undefined ? { mode: 'empty' } : { mode: 'up', live: live.colour };
}

/** The actions that bring one app from what is seen to what is wanted; none when both agree. */
export function planApp(desired: Desired, observed: Observed): Action[] {
  const { app, active } = desired;
  const known = new Map(desired.instances.filter((i) => i.state !== 'off').map((i) => [i.id, i]));
  const seen = new Map(observed.instances.map((i) => [i.instanceId, i]));
  const actions: Action[] = [];

  for (const instance of observed.instances) {
    if (!known.has(instance.instanceId))
      actions.push({ do: 'remove-unknown', ref: instance.ref, instanceId: instance.instanceId });
  }
  const isActive = (instance: Instance) =>
    active !== null && instance.releaseId === active.releaseId && instance.releaseId !== app.liveReleaseId;
  const present: Instance[] = [];
  for (const instance of known.values()) {
    if (isActive(instance)) continue;
    const found = seen.get(instance.id);
    const isLive = instance.releaseId === app.liveReleaseId;
    if (found === undefined || (found.status === 'exited' && !isLive)) {
      actions.push({ do: 'mark-off', instanceId: instance.id });
      continue;
    }
    present.push(instance);
    if (
      found.address !== null &&
      (instance.address?.host !== found.address.host || instance.address.port !== found.address.port)
    ) {
      actions.push({ do: 'take-address', instanceId: instance.id, address: found.address });
    }
  }

  const live = present.filter((instance) => instance.releaseId === app.liveReleaseId);
  if (app.liveReleaseId !== null && !app.stopped) {
    const first = live[0];
    if (first === undefined) {
      actions.push({ do: 'restart-live', releaseId: app.liveReleaseId });
    } else {
      const members = observed.pools[first.colour];
      const same = members !== null && members.length === live.length && live.every((i) => members.includes(i.id));
      if (!same) actions.push({ do: 'fill-pool', colour: first.colour, releaseId: first.releaseId });
    }
  }
  if (active?.state !== 'switching') {
    const route = desiredRoute(app, present);
    if (observed.route === null || !sameRoute(observed.route, route)) actions.push({ do: 'set-route', route });
  }
  const awake = new Set(
    present.filter((i) => i.releaseId !== app.liveReleaseId && i.state !== 'asleep').map((i) => i.releaseId),
  );
  for (const releaseId of awake) actions.push({ do: 'retire', releaseId });
  return actions;
}

/** Image ids of the app that nothing needs any more. */
export function disposableImages(desired: Desired, imageIds: readonly string[]): string[] {
  const kept = keptReleases(desired.releases, desired.app.liveReleaseId);
  const inUse = new Set(desired.instances.filter((i) => i.state !== 'off').map((i) => i.releaseId));
  const needed = new Set(
    desired.releases
      .filter((r) => kept.has(r.id) || inUse.has(r.id) || r.id === desired.active?.releaseId)
      .map((r) => r.imageId),
  );
  return imageIds.filter((id) => !needed.has(id));
}
