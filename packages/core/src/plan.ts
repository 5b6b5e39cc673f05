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
  /** The deployment that is live, if any: its pool answers proofs in its name. */
  live: Pick<Deployment, 'id'> | null;
}

/** A member of a pool, as a router has it. */
export interface ObservedMember {
  instanceId: string;
  address: Address;
}

export interface ObservedPool {
  releaseId: string;
  deploymentId: string;
  members: readonly ObservedMember[];
}

export interface Observed {
  instances: readonly ObservedInstance[];
  route: Route | null;
  /** Null when the router does not know the app. */
  hosts: readonly string[] | null;
  /** Null when the router knows no such pool. */
  pools: Readonly<Record<Colour, ObservedPool | null>>;
  /** Live instances whose restart policy is known to be on. */
  restarting: ReadonlySet<string>;
  /** Instances that had ended when they were looked at before: the engine does not start them again. */
  givenUp: ReadonlySet<string>;
}

export type Action =
  /** The engine has it, and no row wants it. */
  | { do: 'remove-unknown'; ref: string; instanceId: string }
  | { do: 'mark-off'; instanceId: string }
  /** Its row says asleep, but it runs: a crash came between waking it and the record. */
  | { do: 'mark-running'; instanceId: string }
  | { do: 'take-address'; instanceId: string; address: Address }
  /** Fewer instances of the live release run than it wants: what is frozen is woken, what is missing is started. */
  | { do: 'complete-live'; releaseId: string }
  /** It is live, and nobody has turned its restart policy on. */
  | { do: 'set-restart'; instanceId: string; ref: string }
  | { do: 'fill-pool'; colour: Colour; releaseId: string }
  /** Its members belong to a version that nothing routes to or will. */
  | { do: 'empty-pool'; colour: Colour }
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
  const { actions, present } = planInstances(desired, observed);
  if (observed.hosts === null || !sameNames(observed.hosts, hosts)) actions.push({ do: 'set-hosts', hosts });
  actions.push(...planPools(desired, present, observed), ...planLive(desired, present, observed));
  // A switch holds the app's lock, so one seen here was cut short: the route goes back to what the database says is live.
  const route = desiredRoute(
    app,
    present.map(({ row }) => row),
  );
  if (observed.route === null || !sameRoute(observed.route, route)) actions.push({ do: 'set-route', route });
  const awake = new Set(
    present
      .filter(({ row }) => row.releaseId !== app.liveReleaseId && row.state !== 'asleep')
      .map(({ row }) => row.releaseId),
  );
  for (const releaseId of awake) actions.push({ do: 'retire', releaseId });
  return actions;
}

/** A row with the instance that stands behind it. */
interface Present {
  row: Instance;
  seen: ObservedInstance;
}

/** Rows against what the engine has. */
function planInstances({ app, instances, active }: Desired, observed: Observed) {
  const known = new Map(instances.filter((i) => i.state !== 'off').map((i) => [i.id, i]));
  const seen = new Map(observed.instances.map((i) => [i.instanceId, i]));
  const actions: Action[] = [];
  const present: Present[] = [];
  for (const { instanceId, ref } of observed.instances) {
    if (!known.has(instanceId)) actions.push({ do: 'remove-unknown', ref, instanceId });
  }
  for (const row of known.values()) {
    const isLive = row.releaseId === app.liveReleaseId;
    if (active !== null && row.releaseId === active.releaseId && !isLive) continue;
    const found = seen.get(row.id);
    const isDead = found?.status === 'exited' && (!isLive || observed.givenUp.has(row.id));
    if (found === undefined || isDead) {
      if (found !== undefined) actions.push({ do: 'remove-unknown', ref: found.ref, instanceId: row.id });
      actions.push({ do: 'mark-off', instanceId: row.id });
      continue;
    }
    const isAwakeUnrecorded = row.state === 'asleep' && found.status === 'running' && !isLive;
    if (isAwakeUnrecorded) actions.push({ do: 'mark-running', instanceId: row.id });
    if (found.address !== null && !sameAddress(row.address, found.address)) {
      actions.push({ do: 'take-address', instanceId: row.id, address: found.address });
    }
    const address = found.address ?? row.address;
    present.push({ row: isAwakeUnrecorded ? { ...row, state: 'running', address } : { ...row, address }, seen: found });
  }
  return { actions, present };
}

function sameAddress(a: Address | null, b: Address): boolean {
  return a?.host === b.host && a.port === b.port;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function planLive({ app, releases, live }: Desired, present: readonly Present[], observed: Observed): Action[] {
  const { liveReleaseId } = app;
  if (liveReleaseId === null || app.stopped) return [];
  const actions: Action[] = [];
  const own = present.filter(({ row }) => row.releaseId === liveReleaseId);
  // Those that never came to run were being started again when their worker died: they serve nobody.
  const running = own.filter(({ row, seen }) => row.state === 'running' && seen.status !== 'frozen');
  const wanted = releases.find(({ id }) => id === liveReleaseId)?.settings.scale ?? 1;
  if (own.length > running.length || running.length < wanted)
    actions.push({ do: 'complete-live', releaseId: liveReleaseId });
  for (const { row, seen } of running)
    if (!observed.restarting.has(row.id)) actions.push({ do: 'set-restart', instanceId: row.id, ref: seen.ref });
  const first = running[0]?.row;
  if (first !== undefined && !isPoolOf(observed.pools[first.colour], { running, live }))
    actions.push({ do: 'fill-pool', colour: first.colour, releaseId: liveReleaseId });
  return actions;
}

function isPoolOf(
  pool: ObservedPool | null,
  { running, live }: { running: readonly Present[]; live: Desired['live'] },
): boolean {
  if (pool === null || pool.members.length !== running.length) return false;
  if (pool.releaseId !== running[0]?.row.releaseId) return false;
  if (live !== null && pool.deploymentId !== live.id) return false;
  return running.every(({ row: { id, address } }) => {
    const member = pool.members.find(({ instanceId }) => instanceId === id);
    return member !== undefined && sameAddress(address, member.address);
  });
}

/** Pools that a late or broken-off step has left filled. One that is drained is retirement's business. */
function planPools({ app, active }: Desired, present: readonly Present[], { pools }: Observed): Action[] {
  const awake = present.filter(({ row }) => row.state !== 'asleep').map(({ row }) => row.releaseId);
  const needed = new Set([app.liveReleaseId, active?.releaseId, ...awake]);
  const filled = present.find(({ row }) => row.releaseId === app.liveReleaseId)?.row.colour;
  return (['blue', 'green'] as const).flatMap((colour): Action[] => {
    const pool = pools[colour];
    const isLeft = pool !== null && pool.members.length > 0 && !needed.has(pool.releaseId);
    return isLeft && colour !== filled ? [{ do: 'empty-pool', colour }] : [];
  });
}

/** Image ids of the app that nothing needs any more. */
export function disposableImages(desired: Omit<Desired, 'hosts' | 'live'>, imageIds: readonly string[]): string[] {
  const kept = keptReleases(desired.releases, desired.app.liveReleaseId);
  const inUse = new Set(desired.instances.filter((i) => i.state !== 'off').map((i) => i.releaseId));
  const needed = new Set(
    desired.releases
      .filter((r) => kept.has(r.id) || inUse.has(r.id) || r.id === desired.active?.releaseId)
      .map((r) => r.imageId),
  );
  return imageIds.filter((id) => !needed.has(id));
}
