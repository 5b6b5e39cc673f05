/** Brings engine and router to what the database says. Level-triggered: every crash recovery is this, not special cases. */
import { type Action, type App, desiredRoute, type ObservedInstance, planApp } from '@teal/core';
import type { HeldLease } from './leaseKeeper.ts';
import { membersOf } from './switchTraffic.ts';
import type { WorkDeps } from './workDeps.ts';

/**
 * Reconciles one app under its lock; returns the actions that were needed. Starting a dead live version takes as long as
 * its gate, so `restart-live` is only returned: `restartLive` does it.
 */
export function reconcileApp(deps: WorkDeps, appId: string): Promise<Action[]> {
  return deps.keeper.exclusive(appId, async (held) => {
    const state = await observe(deps, appId);
    if (state === null) return [];
    const actions = planApp(state.desired, state.observed);
    await restorePage(deps, state.desired.app);
    for (const action of actions) await apply(deps, held, action);
    if (actions.length > 0) deps.context.log.info({ appId, actions: actions.map((a) => a.do) }, 'reconciled');
    return actions;
  });
}

async function observe({ context, oneOffs }: WorkDeps, appId: string) {
  const { store, engine, router, settings } = context;
  // The engine first: a row is written before its instance starts, so that nothing seen can be unknown.
  const seen = (await engine.list()).filter(
    (instance) => instance.appId === appId && !oneOffs.isRunning(instance.instanceId),
  );
  const app = await store.apps.get(appId);
  if (app === null || (await store.apps.isDeleting(appId))) return null;
  const [releases, instances, active, routed] = await Promise.all([
    store.releases.list(appId),
    store.instances.list(appId),
    store.deployments.active(appId),
    router.observe(appId),
  ]);
  const members = (pool: { members: readonly { instanceId: string }[] } | null | undefined) =>
    pool == null ? null : pool.members.map((member) => member.instanceId);
  return {
    desired: { app, hosts: settings.hostsOf(app), releases, instances, active },
    observed: {
      instances: seen as readonly ObservedInstance[],
      route: routed?.route ?? null,
      hosts: routed?.hosts ?? null,
      pools: { blue: members(routed?.pools.blue), green: members(routed?.pools.green) },
    },
  };
}

async function apply(deps: WorkDeps, held: HeldLease, action: Action): Promise<void> {
  const { store, engine } = deps.context;
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
    case 'restart-live':
      return;
    case 'fill-pool':
      return fillPool(deps, appId, action.releaseId);
    case 'set-hosts':
      return deps.context.router.setHosts(appId, action.hosts);
    case 'set-route':
      return setRoute(deps, appId);
    case 'retire':
      return deps.retirement.schedule(appId);
  }
}

/** The router tells nobody which page it has; where one is shown it is given again, before the route that shows it. */
async function restorePage({ context: { store, router } }: Pick<WorkDeps, 'context'>, app: App): Promise<void> {
  if (app.maintenance) await router.setMaintenancePage(app.id, await store.apps.maintenancePage(app.id));
}

/** Written from the rows of now: an action before this one may have changed them. */
export async function setRoute({ context }: Pick<WorkDeps, 'context'>, appId: string): Promise<void> {
  const app = await context.store.apps.get(appId);
  if (app !== null) await context.router.setRoute(appId, desiredRoute(app, await context.store.instances.list(appId)));
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
