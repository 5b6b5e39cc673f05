/** Brings engine and router to what the database says. Level-triggered: every crash recovery is this, not special cases. */
import {
  type Action,
  type Deployment,
  desiredRoute,
  type Instance,
  type ObservedInstance,
  planApp,
  type Release,
} from '@teal/core';
import { openDeploymentLog } from './deploymentLog.ts';
import type { HeldLease } from './leaseKeeper.ts';
import { passGate } from './passGate.ts';
import { startInstances } from './startInstances.ts';
import { membersOf } from './switchTraffic.ts';
import type { WorkDeps } from './workDeps.ts';

/** Reconciles one app under its lock; returns the actions that were needed. */
export function reconcileApp(deps: WorkDeps, appId: string, signal: AbortSignal): Promise<Action[]> {
  return deps.keeper.exclusive(appId, async (held) => {
    const state = await observe(deps, appId);
    if (state === null) return [];
    const actions = planApp(state.desired, state.observed);
    for (const action of actions) await apply(deps, held, { action, signal });
    if (actions.length > 0) deps.context.log.info({ appId, actions: actions.map((a) => a.do) }, 'reconciled');
    return actions;
  });
}

async function observe({ context }: WorkDeps, appId: string) {
  const { store, engine, router, settings } = context;
  // The engine first: a row is written before its instance starts, so that nothing seen can be unknown.
  const seen = (await engine.list()).filter((instance) => instance.appId === appId);
  const app = await store.apps.get(appId);
  if (app === null || (await store.apps.isDeleting(appId))) return null;
  const [releases, instances, active, routed] = await Promise.all([
    store.releases.list(appId),
    store.instances.list(appId),
    store.deployments.active(appId),
    router.observe(appId),
  ]);
  await router.setHosts(appId, settings.hostsOf(app));
  const members = (pool: { members: readonly { instanceId: string }[] } | null | undefined) =>
    pool == null ? null : pool.members.map((member) => member.instanceId);
  return {
    desired: { app, releases, instances, active },
    observed: {
      instances: seen as readonly ObservedInstance[],
      route: routed?.route ?? null,
      pools: { blue: members(routed?.pools.blue), green: members(routed?.pools.green) },
    },
  };
}

async function apply(
  deps: WorkDeps,
  held: HeldLease,
  { action, signal }: { action: Action; signal: AbortSignal },
): Promise<void> {
  const { store, engine, router } = deps.context;
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
      return restartLive(deps, held, { releaseId: action.releaseId, signal });
    case 'fill-pool':
      return fillPool(deps, appId, action.releaseId);
    case 'set-route':
      return setRoute(deps, appId, router);
    case 'retire':
      return deps.retirement.schedule(appId);
  }
}

/** Written from the rows of now: an action before this one may have changed them. */
async function setRoute({ context }: WorkDeps, appId: string, router: WorkDeps['context']['router']): Promise<void> {
  const app = await context.store.apps.get(appId);
  if (app !== null) await router.setRoute(appId, desiredRoute(app, await context.store.instances.list(appId)));
}

async function fillPool({ context }: WorkDeps, appId: string, releaseId: string): Promise<void> {
  const { store, router } = context;
  const instances = (await store.instances.list(appId)).filter(
    (i) => i.releaseId === releaseId && i.state === 'running',
  );
  const live = await store.deployments.live(appId);
  const colour = instances[0]?.colour;
  if (colour === undefined || live === null) return;
  await router.setPool({ appId, colour, releaseId, deploymentId: live.id, members: membersOf(instances) });
}

/** Nothing of the live version runs any more (a reboot, say): starts it again, gated as ever. */
async function restartLive(
  deps: WorkDeps,
  held: HeldLease,
  { releaseId, signal }: { releaseId: string; signal: AbortSignal },
): Promise<void> {
  const { context, keeper, exits } = deps;
  const { store, engine } = context;
  const [app, release, deployment] = await Promise.all([
    store.apps.get(held.lease.appId),
    store.releases.get(releaseId),
    store.deployments.live(held.lease.appId),
  ]);
  if (app === null || release === null || deployment === null) return;
  const log = await openDeploymentLog(context, deployment.id);
  log.line('teal', 'The live version does not run any more: it is started again.');
  const run = { context, keeper, exits, lease: held.lease, app, deployment, log, signal };
  const green = await startAndGate(run, release);
  await engineRestartOn(engine, green);
  await fillPool(deps, app.id, release.id);
  await log.flush();
}

async function startAndGate(
  run: Parameters<typeof startInstances>[0] & { deployment: Deployment },
  release: Release,
): Promise<Instance[]> {
  const started = await startInstances(run, release);
  if (started.kept === 'image-gone') throw new Error(`the image of the live release ${release.id} is gone`);
  await passGate(run, release, started.green);
  return started.green;
}

async function engineRestartOn(engine: WorkDeps['context']['engine'], instances: readonly Instance[]): Promise<void> {
  await Promise.all(instances.map((instance) => instance.ref && engine.setRestart(instance.ref, true)));
}
