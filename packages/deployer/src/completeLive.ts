/**
 * Makes the live version whole again where some of it does not run any more (after a reboot, say): what is frozen is woken,
 * what is missing is started from its image, and both pass the gate as ever. What serves meanwhile is left alone.
 */
import { type Instance, isTealError, type Release } from '@teal/core';
import { openDeploymentLog } from './deploymentLog.ts';
import type { HeldLease } from './leaseKeeper.ts';
import { passGate } from './passGate.ts';
import { fillPool } from './reconcile.ts';
import type { Run } from './run.ts';
import { setRoute } from './setRoute.ts';
import { startInstances } from './startInstances.ts';
import type { WorkDeps } from './workDeps.ts';

/** Resolves when all of it has traffic; rejects when something could not be started. */
export function completeLive(deps: WorkDeps, appId: string, signal: AbortSignal): Promise<void> {
  return deps.keeper.hold(appId, async (held) => {
    const { store } = held.context;
    const app = await store.apps.get(appId);
    const release = app?.liveReleaseId == null ? null : await store.releases.get(app.liveReleaseId);
    const deployment = await store.deployments.live(appId);
    if (app === null || release === null || deployment === null) return;
    const serving = await servingOf(held, release.id);
    const log = await openDeploymentLog(held.context, deployment.id);
    log.line('teal', 'Not all of the live version runs any more: what is missing is started again.');
    const stop = AbortSignal.any([signal, held.lost]);
    const { context, lease } = held;
    const run: Run = { ...deps, places: deps.places.open(app.id), context, lease, app, deployment, log, signal: stop };
    try {
      const gated = await startGated(run, release, serving);
      // From here on they may have traffic: what is broken off now is completed by the next round, not taken away.
      await deps.keeper.exclusive(appId, (owner) => join(deps, owner, { releaseId: release.id, gated }));
    } finally {
      await Promise.all([log.flush(), run.places.close(context)]);
    }
  });
}

/** Instances that have passed the gate; leaves nothing of a try that failed. */
async function startGated(run: Run, release: Release, serving: readonly Instance[]): Promise<Instance[]> {
  try {
    const started = await startInstances(run, release, serving);
    if (started.kept === 'image-gone') throw new Error(`the image of the live release ${release.id} is gone`);
    await passGate(run, release, started.green);
    return started.green;
  } catch (error) {
    if (!isTealError(error, 'lease_lost'))
      await run.keeper.exclusive(run.app.id, (owner) => removeTry(owner, release.id, serving));
    throw error;
  }
}

async function servingOf({ context: { store, engine }, lease }: HeldLease, releaseId: string): Promise<Instance[]> {
  const seen = new Map((await engine.list()).map((instance) => [instance.instanceId, instance.status]));
  const rows = await store.instances.list(lease.appId);
  // One that has ended comes back by its restart policy, or is found to be gone for good later.
  const serves = ({ id, state }: Instance) => state === 'running' && seen.has(id) && seen.get(id) !== 'frozen';
  return rows.filter((row) => row.releaseId === releaseId && serves(row));
}

/** Another version may have gone live in the meantime: then this one is left to retirement. */
async function join(
  deps: WorkDeps,
  held: HeldLease,
  { releaseId, gated }: { releaseId: string; gated: readonly Instance[] },
): Promise<void> {
  const { appId } = held.lease;
  const { store, engine } = held.context;
  const app = await store.apps.get(appId);
  if (app?.liveReleaseId !== releaseId) return deps.retirement.schedule(appId);
  for (const { id } of gated) await store.instances.update(held.lease, id, { state: 'running' });
  await fillPool(held, appId, releaseId);
  await setRoute(held, appId);
  await Promise.all(gated.map(({ ref }) => ref && engine.setRestart(ref, true)));
}

/** Instances that did not pass the gate must not be taken for live ones. */
async function removeTry(
  { lease, context }: HeldLease,
  releaseId: string,
  serving: readonly Instance[],
): Promise<void> {
  const { store, engine, settings } = context;
  // Of a version that has lost its traffic meanwhile, retirement decides.
  if ((await store.apps.get(lease.appId))?.liveReleaseId !== releaseId) return;
  const rows = await store.instances.list(lease.appId);
  const tried = rows.filter((row) => row.releaseId === releaseId && serving.every(({ id }) => id !== row.id));
  for (const instance of tried) {
    if (instance.ref !== null) await engine.stop(instance.ref, { graceMs: settings.timing.stopGraceMs });
    await store.instances.update(lease, instance.id, { state: 'off' });
  }
}
