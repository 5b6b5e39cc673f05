/** Brings engine and router to what the database says. Level-triggered: every crash recovery is this, not special cases. */
import { type Action, type App, type Desired, type Observed, type ObservedInstance, planApp } from '@teal/core';
import type { HeldLease } from './leaseKeeper.ts';
import type { Pool } from './ports/router.ts';
import { setRoute } from './setRoute.ts';
import { membersOf } from './switchTraffic.ts';
import type { WorkDeps } from './workDeps.ts';

/** What this process remembers of an app between two rounds: engines do not tell it. */
export interface Memory {
  /** Instances with the deployment for which their restart policy was turned on. */
  restarting: ReadonlyMap<string, string>;
  /** Live instances that had ended when they were looked at last. */
  ended: ReadonlySet<string>;
}

const NO_MEMORY: Memory = { restarting: new Map(), ended: new Set() };

/** What all apps of one round share. */
export interface Round {
  /** What the engine has, from a moment ago. */
  listed: readonly ObservedInstance[];
  /** Somebody waits for the routes: what changes nothing at once is left to the next round. */
  urgent: boolean;
}

export interface Reconciler {
  /**
   * Reconciles one app; returns the actions that were needed. Where the round's list shows that something is to be done, the
   * engine is asked again under the app's lock. Starting what is missing of the live version takes as long as its gate, so
   * `complete-live` is only returned: `completeLive` does it.
   */
  reconcile(appId: string, round: Round): Promise<Action[]>;
  /** Forgets apps that are not in `appIds`. */
  keepOnly(appIds: ReadonlySet<string>): void;
}

export function createReconciler(deps: WorkDeps): Reconciler {
  const memories = new Map<string, Memory>();

  async function look(appId: string, listed: readonly ObservedInstance[]) {
    const state = await observe(deps, { appId, listed, memory: memories.get(appId) ?? NO_MEMORY });
    return state === null ? null : { ...state, actions: planApp(state.desired, state.observed) };
  }

  async function act(held: HeldLease): Promise<Action[]> {
    const { appId } = held.lease;
    // The engine first: a row is written before its instance starts, so that nothing seen can be unknown.
    const view = await look(appId, await deps.context.engine.list());
    if (view === null) return [];
    const { actions, desired, observed } = view;
    await restorePage(held, desired.app);
    tellRetirement(deps, view);
    for (const action of actions) await apply(deps, held, action);
    remember(appId, { desired, observed, actions });
    if (actions.length > 0) deps.context.log.info({ appId, actions: actions.map((a) => a.do) }, 'reconciled');
    return actions;
  }

  function remember(
    appId: string,
    { desired, observed, actions }: { desired: Desired; observed: Observed; actions: Action[] },
  ) {
    const { app, live, instances } = desired;
    const set = new Set(actions.flatMap((action) => (action.do === 'set-restart' ? [action.instanceId] : [])));
    const isOn = (id: string) => set.has(id) || observed.restarting.has(id);
    const own = instances.filter(({ releaseId }) => releaseId === app.liveReleaseId).map(({ id }) => id);
    const ended = observed.instances.filter(
      ({ status, instanceId }) => status === 'exited' && own.includes(instanceId),
    );
    memories.set(appId, {
      restarting: new Map(own.filter(isOn).map((id) => [id, live?.id ?? ''])),
      ended: new Set(ended.map(({ instanceId }) => instanceId)),
    });
  }

  return {
    async reconcile(appId, { listed, urgent }) {
      const view = await look(appId, listed);
      if (view === null) return [];
      const due = view.actions.filter((action) => !urgent || action.do !== 'set-restart');
      const isDue = due.length > 0 || view.desired.app.maintenance;
      if (isDue) return deps.keeper.exclusive(appId, act);
      if (!urgent) remember(appId, view);
      return [];
    },
    keepOnly(appIds) {
      for (const appId of memories.keys()) if (!appIds.has(appId)) memories.delete(appId);
    },
  };
}

/** Whoever stopped an app or let a version go live may have broken off before its route. */
function tellRetirement({ retirement }: WorkDeps, { desired: { app }, observed: { route, pools } }: View): void {
  const routed = route?.mode === 'up' ? (pools[route.live]?.releaseId ?? null) : null;
  if (routed !== null && routed !== app.liveReleaseId) retirement.hadTraffic(routed);
}

interface View {
  desired: Desired;
  observed: Observed;
}

interface Look {
  appId: string;
  listed: readonly ObservedInstance[];
  memory: Memory;
}

async function observe({ context, oneOffs, places }: WorkDeps, { appId, listed, memory }: Look) {
  const { store, router, settings } = context;
  const isWithoutRow = (id: string) => oneOffs.isRunning(id) || places.isOpen(id);
  const seen = listed.filter((instance) => instance.appId === appId && !isWithoutRow(instance.instanceId));
  const app = await store.apps.get(appId);
  if (app === null || (await store.apps.isDeleting(appId))) return null;
  const [releases, instances, active, live, routed] = await Promise.all([
    store.releases.list(appId),
    store.instances.list(appId),
    store.deployments.active(appId),
    store.deployments.live(appId),
    router.observe(appId),
  ]);
  const isKnownOn = (id: string) => live !== null && memory.restarting.get(id) === live.id;
  return {
    desired: { app, hosts: settings.hostsOf(app), releases, instances, active, live },
    observed: {
      instances: seen,
      route: routed?.route ?? null,
      hosts: routed?.hosts ?? null,
      pools: { blue: routed?.pools.blue ?? null, green: routed?.pools.green ?? null },
      restarting: new Set(instances.map(({ id }) => id).filter(isKnownOn)),
      givenUp: memory.ended,
    },
  };
}

async function apply(deps: WorkDeps, held: HeldLease, action: Action): Promise<void> {
  const { store, engine, router } = held.context;
  const { appId } = held.lease;
  switch (action.do) {
    case 'remove-unknown':
      return engine.stop(action.ref, { graceMs: 0 });
    case 'mark-off':
      return store.instances.update(held.lease, action.instanceId, { state: 'off' });
    case 'mark-running':
      return store.instances.update(held.lease, action.instanceId, { state: 'running', asleepSince: null });
    case 'take-address':
      return store.instances.update(held.lease, action.instanceId, { address: action.address });
    case 'complete-live':
      return;
    case 'set-restart':
      return engine.setRestart(action.ref, true);
    case 'fill-pool':
      return fillPool(held, appId, action.releaseId);
    case 'empty-pool':
      return emptyPool(held, (await router.observe(appId))?.pools[action.colour] ?? null);
    case 'set-hosts':
      return router.setHosts(appId, action.hosts);
    case 'set-route':
      return setRoute(held, appId);
    case 'retire':
      return deps.retirement.schedule(appId);
  }
}

/** The router tells nobody which page it has; where one is shown it is given again, before the route that shows it. */
async function restorePage({ context: { store, router } }: Pick<WorkDeps, 'context'>, app: App): Promise<void> {
  if (app.maintenance) await router.setMaintenancePage(app.id, await store.apps.maintenancePage(app.id));
}

async function emptyPool({ context }: Pick<WorkDeps, 'context'>, pool: Pool | null): Promise<void> {
  if (pool !== null) await context.router.setPool({ ...pool, members: [] });
}

/** Makes the running instances of the live release the members of their pool. */
export async function fillPool(
  { context }: Pick<WorkDeps, 'context'>,
  appId: string,
  releaseId: string,
): Promise<void> {
  const { store, router } = context;
  const instances = (await store.instances.list(appId)).filter(
    (i) => i.releaseId === releaseId && i.state === 'running',
  );
  const live = await store.deployments.live(appId);
  const colour = instances[0]?.colour;
  if (colour === undefined || live === null) return;
  await router.setPool({ appId, colour, releaseId, deploymentId: live.id, members: membersOf(instances) });
}
