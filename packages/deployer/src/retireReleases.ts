/**
 * What becomes of instances that have no traffic: drained, then asleep or off. Works from the database alone, so that it
 * also clears away what a failed, cancelled or crashed deployment left. Waiting holds nothing; every effect takes the app's
 * lock, reads again, and does nothing to a release that is live or being deployed.
 */
import { type App, fateAfterDrain, type Instance, previousRelease, type Release } from '@teal/core';
import type { Context } from './context.ts';
import type { HeldLease, LeaseKeeper } from './leaseKeeper.ts';
import type { ObservedApp } from './ports/router.ts';
import { setRoute } from './setRoute.ts';

export interface Retirement {
  /** Sees to the app now, and again when something is due; calls during a round make one more round. */
  schedule(appId: string): void;
  /** A release that is not live was routed until now: what it has in flight has the whole drain before it. */
  hadTraffic(releaseId: string): void;
  /** Stops waiting; what is not retired is found at the next start. */
  close(): Promise<void>;
}

type Ports = Pick<Context, 'store' | 'engine' | 'router' | 'clock' | 'log' | 'settings'> & { keeper: LeaseKeeper };
type Deps = Ports & {
  /** When this process first saw that the router gives a release nothing, by the clock that nobody sets. */
  idleSince: Map<string, number>;
};

interface View {
  app: App;
  releases: Release[];
  /** Instances that nothing needs awake, by release. */
  idle: Map<string, Instance[]>;
  previousId: string | null;
}

interface Rounds {
  again: boolean;
  /** Ends the waiting of the round under way: what it waits for may have its traffic back. */
  interrupt: AbortController;
  done: Promise<void>;
}

export function createRetirement(ports: Ports): Retirement {
  const deps: Deps = { ...ports, idleSince: new Map() };
  const { clock, log } = deps;
  const rounds = new Map<string, Rounds>();
  const timers = new Map<string, AbortController>();
  const closing = new AbortController();

  async function round(appId: string, interrupt: AbortSignal): Promise<void> {
    const view = await look(deps, appId);
    if (view === null) return;
    const signal = AbortSignal.any([interrupt, closing.signal]);
    const waits = [...view.idle].map(([releaseId, instances]) =>
      retireOne(deps, view, { releaseId, instances }, signal),
    );
    const dueMs = (await Promise.all(waits)).filter((ms) => ms !== null);
    if (dueMs.length > 0 && !closing.signal.aborted) wakeIn(appId, Math.min(...dueMs));
  }

  function wakeIn(appId: string, ms: number): void {
    timers.get(appId)?.abort();
    const timer = new AbortController();
    timers.set(appId, timer);
    void clock.sleep(ms, AbortSignal.any([timer.signal, closing.signal])).then(() => {
      if (!timer.signal.aborted && !closing.signal.aborted) schedule(appId);
    });
  }

  async function runRounds(appId: string, state: Rounds): Promise<void> {
    do {
      state.again = false;
      state.interrupt = new AbortController();
      await round(appId, state.interrupt.signal).catch((error) => {
        log.warn({ appId, err: error }, 'retiring older versions failed; it is tried again');
        if (!closing.signal.aborted) wakeIn(appId, RETRY_MS);
      });
    } while (state.again && !closing.signal.aborted);
    rounds.delete(appId);
  }

  function schedule(appId: string): void {
    if (closing.signal.aborted) return;
    const running = rounds.get(appId);
    if (running !== undefined) {
      running.again = true;
      running.interrupt.abort();
      return;
    }
    const state: Rounds = { again: false, interrupt: new AbortController(), done: Promise.resolve() };
    rounds.set(appId, state);
    state.done = runRounds(appId, state);
  }

  return {
    schedule,
    hadTraffic: (releaseId) => void deps.idleSince.set(releaseId, clock.monotonicMs()),
    async close() {
      closing.abort();
      await Promise.all([...rounds.values()].map((state) => state.done));
    },
  };
}

const RETRY_MS = 5_000;

async function look({ store, idleSince }: Pick<Deps, 'store' | 'idleSince'>, appId: string): Promise<View | null> {
  const app = await store.apps.get(appId);
  if (app === null) return null;
  const [releases, instances, active] = await Promise.all([
    store.releases.list(appId),
    store.instances.list(appId),
    store.deployments.active(appId),
  ]);
  const idle = new Map<string, Instance[]>();
  for (const instance of instances) {
    if (instance.releaseId === app.liveReleaseId || instance.releaseId === active?.releaseId) continue;
    idle.set(instance.releaseId, [...(idle.get(instance.releaseId) ?? []), instance]);
  }
  // One that has traffic again begins anew when it loses it.
  for (const { id } of releases) if (!idle.has(id)) idleSince.delete(id);
  return {
    app,
    releases,
    idle,
    previousId: app.stopped ? null : (previousRelease(releases, app.liveReleaseId)?.id ?? null),
  };
}

interface Candidate {
  releaseId: string;
  instances: Instance[];
}

/** Drains one release and gives it its fate; returns when it is due again in milliseconds, or null. */
async function retireOne(deps: Deps, view: View, candidate: Candidate, signal: AbortSignal): Promise<number | null> {
  const { router, settings } = deps;
  const release = view.releases.find((entry) => entry.id === candidate.releaseId);
  const awake = candidate.instances.filter((instance) => instance.state !== 'asleep');
  if (awake.length > 0) {
    await seeTraffic(deps, view.app.id, candidate.releaseId);
    const sinceMs = idleMs(deps, candidate.releaseId, release ?? null);
    await router.drained(
      awake.map((instance) => instance.id),
      {
        deadlineMs: Math.max(0, settings.timing.drainDeadlineMs - sinceMs),
        webSocketDeadlineMs: Math.max(0, settings.timing.webSocketDrainDeadlineMs - sinceMs),
        signal,
      },
    );
    if (signal.aborted) return null;
  }
  return deps.keeper.exclusive(view.app.id, (held) => settle(deps, held, candidate.releaseId));
}

/**
 * For how long a release has had no traffic. Its own record may be of an earlier time: a kept version that was being started
 * again has got requests since, if its switch was taken back. So the later one of what the row and this process know counts.
 * What this process saw is measured by a clock that nobody sets forward.
 */
function idleMs({ clock, idleSince }: Deps, releaseId: string, release: Release | null): number {
  const seenMs = idleSince.get(releaseId);
  if (seenMs === undefined) return 0;
  const retiredMs = clock.now().getTime() - (release?.retiredAt?.getTime() ?? 0);
  return Math.min(clock.monotonicMs() - seenMs, Math.max(0, retiredMs));
}

/**
 * Asks the router whether it still gives the release requests. Who finds it left out, after it was not so when last asked,
 * cannot know since when, because another process may have done it: then the time without traffic begins now.
 */
async function seeTraffic(
  { router, clock, idleSince }: Pick<Deps, 'router' | 'clock' | 'idleSince'>,
  appId: string,
  releaseId: string,
): Promise<ObservedApp | null> {
  const seen = await router.observe(appId);
  const isRouted = seen?.route.mode === 'up' && seen.pools[seen.route.live]?.releaseId === releaseId;
  if (isRouted) idleSince.delete(releaseId);
  else if (!idleSince.has(releaseId)) idleSince.set(releaseId, clock.monotonicMs());
  return seen;
}

/** The effect: reads everything again first. */
async function settle(retirement: Deps, held: HeldLease, releaseId: string): Promise<number | null> {
  const deps = { ...retirement, ...held.context };
  const { clock, settings } = deps;
  const view = await look(deps, held.lease.appId);
  const instances = view?.idle.get(releaseId);
  if (view === null || instances === undefined) return null;
  const release = view.releases.find((entry) => entry.id === releaseId);
  const fate = release === undefined ? 'off' : fateAfterDrain(release, view.previousId, view.app.settings.afterFlip);
  await leavePool(deps, held, releaseId);
  if (await isBusy(deps, { releaseId, release: release ?? null, instances })) return 0;
  deps.idleSince.delete(releaseId);
  let due: number | null = null;
  for (const instance of instances) {
    const asleepMs = instance.asleepSince === null ? 0 : clock.now().getTime() - instance.asleepSince.getTime();
    const leftMs = settings.timing.offAfterMs - asleepMs;
    if (fate === 'off' || (instance.state === 'asleep' && leftMs <= 0)) await turnOff(deps, held, instance);
    else {
      if (instance.state !== 'asleep') await putToSleep(deps, held, instance);
      due = Math.min(due ?? leftMs, leftMs);
    }
  }
  return due;
}

/** Something is in flight and its deadline has not come. */
async function isBusy(
  deps: Deps,
  { releaseId, release, instances }: { releaseId: string; release: Release | null; instances: Instance[] },
): Promise<boolean> {
  const { router, settings } = deps;
  const busy = await router.inFlight(instances.map((instance) => instance.id));
  const sinceMs = idleMs(deps, releaseId, release);
  const { drainDeadlineMs, webSocketDrainDeadlineMs } = settings.timing;
  return (
    (busy.requests > 0 && sinceMs < drainDeadlineMs) || (busy.webSockets > 0 && sinceMs < webSocketDrainDeadlineMs)
  );
}

async function leavePool(deps: Deps, held: HeldLease, releaseId: string): Promise<void> {
  const { router, clock, idleSince } = deps;
  const { appId } = held.lease;
  const seen = await seeTraffic(deps, appId, releaseId);
  for (const pool of [seen?.pools.blue, seen?.pools.green]) {
    if (pool == null || pool.releaseId !== releaseId || pool.members.length === 0) continue;
    if (seen?.route.mode === 'up' && seen.route.live === pool.colour) {
      // Whoever took its traffic away broke off before the route: it has got requests until now.
      await setRoute({ context: deps }, appId);
      idleSince.set(releaseId, clock.monotonicMs());
    }
    await router.setPool({ ...pool, members: [] });
  }
}

async function putToSleep(
  { engine, store, clock, log }: Deps,
  { lease }: HeldLease,
  instance: Instance,
): Promise<void> {
  if (instance.ref === null) return turnOffRow(store, lease, instance);
  const seen = await engine.inspect(instance.ref);
  if (seen === null || seen.status === 'exited') {
    await engine.stop(instance.ref, { graceMs: 0 });
    return turnOffRow(store, lease, instance);
  }
  await engine.setRestart(instance.ref, false);
  await engine.sleep(instance.ref);
  await store.instances.update(lease, instance.id, { state: 'asleep', asleepSince: clock.now() });
  log.info({ appId: instance.appId, instanceId: instance.id }, 'instance asleep');
}

async function turnOff(
  { engine, store, settings, log }: Deps,
  { lease }: HeldLease,
  instance: Instance,
): Promise<void> {
  // A crash may have come between the start and the record of its name.
  const ref = instance.ref ?? (await engine.list()).find((seen) => seen.instanceId === instance.id)?.ref;
  if (ref !== undefined) await engine.stop(ref, { graceMs: settings.timing.stopGraceMs });
  await turnOffRow(store, lease, instance);
  log.info({ appId: instance.appId, instanceId: instance.id }, 'instance off');
}

function turnOffRow(store: Context['store'], lease: HeldLease['lease'], instance: Instance): Promise<void> {
  return store.instances.update(lease, instance.id, { state: 'off' });
}
