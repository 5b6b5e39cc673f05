/** The reconciler's plan: what is wanted against what is seen → actions. A pure function, no order hidden in it. */
import type { Colour } from './colour.ts';
import type { Address, App, Deployment, Instance, Release } from './model.ts';
import { keptReleases } from './release.ts';
import { type Destination, type Route, routeOf, sameRoute } from './route.ts';

/** What an engine says of one instance that carries this platform's label. */
export interface ObservedInstance {
  instanceId: string;
  appId: string;
  ref: string;
  status: 'running' | 'frozen' | 'exited';
  address: Address | null;
}

export interface Desired {
  app: App;
  /** Its host names, the primary one first. */
  hosts: readonly string[];
  releases: readonly Release[];
  instances: readonly Instance[];
  /** The deployment in progress, if any; its instances are its own business. */
  active: Deployment | null;
}

export interface Observed {
  instances: readonly ObservedInstance[];
  route: Route | null;
  /** Null when the router does not know the app. */
  hosts: readonly string[] | null;
  /** Instance ids that are members of each pool; null when the router knows no such pool. */
  pools: Readonly<Record<Colour, readonly string[] | null>>;
}

export type Action =
  /** The engine has it, and no row wants it. */
  | { do: 'remove-unknown'; ref: string; instanceId: string }
  | { do: 'mark-off'; instanceId: string }
  /** Its row says asleep, but it runs: a crash came between waking it and the record. */
  | { do: 'mark-running'; instanceId: string }
  | { do: 'take-address'; instanceId: string; address: Address }
  | { do: 'restart-live'; releaseId: string }
  | { do: 'fill-pool'; colour: Colour; releaseId: string }
  | { do: 'set-hosts'; hosts: readonly string[] }
  | { do: 'set-route'; route: Route }
  | { do: 'retire'; releaseId: string };

/** The route that an app's rows ask for. */
export function desiredRoute(app: App, instances: readonly Instance[]): Route {
  return routeOf(app, destination(app, instances));
}

function destination(app: App, instances: readonly Instance[]): Destination {
  if (app.stopped) return { mode: 'stopped' };
  if (app.liveReleaseId === null) return { mode: 'empty' };
  const live = instances.find((i) => i.releaseId === app.liveReleaseId && i.state !== 'off');
  return live === undefined ? { mode: 'empty' } : { mode: 'up', live: live.colour };
}

/** The actions that bring one app from what is seen to what is wanted; none when both agree. */
export function planApp(desired: Desired, observed: Observed): Action[] {
  const { app, hosts } = desired;
  const { actions, present, moved } = planInstances(desired, observed);
  if (observed.hosts === null || !sameNames(observed.hosts, hosts)) actions.push({ do: 'set-hosts', hosts });
  const live = present.filter((instance) => instance.releaseId === app.liveReleaseId);
  const liveAction = planLive(app, { live, moved }, observed);
  if (liveAction !== null) actions.push(liveAction);
  // A switch holds the app's lock, so one seen here was cut short: the route goes back to what the database says is live.
  const route = desiredRoute(app, present);
  if (observed.route === null || !sameRoute(observed.route, route)) actions.push({ do: 'set-route', route });
  const awake = new Set(
    present.filter((i) => i.releaseId !== app.liveReleaseId && i.state !== 'asleep').map((i) => i.releaseId),
  );
  for (const releaseId of awake) actions.push({ do: 'retire', releaseId });
  return actions;
}

/** Rows against what the engine has; `present` are the rows that an instance stands behind, `moved` those elsewhere now. */
function planInstances({ app, instances, active }: Desired, observed: Observed) {
  const known = new Map(instances.filter((i) => i.state !== 'off').map((i) => [i.id, i]));
  const seen = new Map(observed.instances.map((i) => [i.instanceId, i]));
  const actions: Action[] = [];
  const present: Instance[] = [];
  const moved = new Set<string>();
  for (const { instanceId, ref } of observed.instances) {
    if (!known.has(instanceId)) actions.push({ do: 'remove-unknown', ref, instanceId });
  }
  for (const instance of known.values()) {
    const isLive = instance.releaseId === app.liveReleaseId;
    if (active !== null && instance.releaseId === active.releaseId && !isLive) continue;
    const found = seen.get(instance.id);
    if (found === undefined || (found.status === 'exited' && !isLive)) {
      if (found !== undefined) actions.push({ do: 'remove-unknown', ref: found.ref, instanceId: instance.id });
      actions.push({ do: 'mark-off', instanceId: instance.id });
      continue;
    }
    const isAwakeUnrecorded = instance.state === 'asleep' && found.status === 'running' && !isLive;
    if (isAwakeUnrecorded) actions.push({ do: 'mark-running', instanceId: instance.id });
    if (found.address !== null && !sameAddress(instance.address, found.address)) {
      actions.push({ do: 'take-address', instanceId: instance.id, address: found.address });
      moved.add(instance.id);
    }
    present.push(isAwakeUnrecorded ? { ...instance, state: 'running' } : instance);
  }
  return { actions, present, moved };
}

function sameAddress(a: Address | null, b: Address): boolean {
  return a?.host === b.host && a.port === b.port;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function planLive(
  app: App,
  { live, moved }: { live: readonly Instance[]; moved: ReadonlySet<string> },
  { pools }: Observed,
): Action | null {
  if (app.liveReleaseId === null || app.stopped) return null;
  // Those that never came to run were being started again when their worker died: they serve nobody.
  const running = live.filter((instance) => instance.state === 'running');
  const [first] = running;
  if (first === undefined) return { do: 'restart-live', releaseId: app.liveReleaseId };
  const members = pools[first.colour];
  const isSame =
    members !== null &&
    members.length === running.length &&
    running.every((i) => members.includes(i.id) && !moved.has(i.id));
  return isSame ? null : { do: 'fill-pool', colour: first.colour, releaseId: first.releaseId };
}

/** Image ids of the app that nothing needs any more. */
export function disposableImages(desired: Omit<Desired, 'hosts'>, imageIds: readonly string[]): string[] {
  const kept = keptReleases(desired.releases, desired.app.liveReleaseId);
  const inUse = new Set(desired.instances.filter((i) => i.state !== 'off').map((i) => i.releaseId));
  const needed = new Set(
    desired.releases
      .filter((r) => kept.has(r.id) || inUse.has(r.id) || r.id === desired.active?.releaseId)
      .map((r) => r.imageId),
  );
  return imageIds.filter((id) => !needed.has(id));
}
