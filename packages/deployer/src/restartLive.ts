/** Starts a live version again of which nothing runs any more (after a reboot, say): from its image, gated as ever. */
import { type Instance, isTealError } from '@teal/core';
import { openDeploymentLog } from './deploymentLog.ts';
import type { HeldLease } from './leaseKeeper.ts';
import { passGate } from './passGate.ts';
import { fillPool, setRoute } from './reconcile.ts';
import type { Run } from './run.ts';
import { startInstances } from './startInstances.ts';
import type { WorkDeps } from './workDeps.ts';

/** Resolves when the version has its traffic again; rejects when it could not be started, leaving nothing of the try. */
export function restartLive(deps: WorkDeps, appId: string, signal: AbortSignal): Promise<void> {
  return deps.keeper.hold(appId, async (held) => {
    const { store, engine } = deps.context;
    const app = await store.apps.get(appId);
    const release = app?.liveReleaseId == null ? null : await store.releases.get(app.liveReleaseId);
    const deployment = await store.deployments.live(appId);
    if (app === null || release === null || deployment === null) return;
    const log = await openDeploymentLog(deps.context, deployment.id);
    log.line('teal', 'The live version does not run any more: it is started again.');
    const run: Run = { ...deps, lease: held.lease, app, deployment, log, signal: AbortSignal.any([signal, held.lost]) };
    try {
      const started = await startInstances(run, release);
      if (started.kept === 'image-gone') throw new Error(`the image of the live release ${release.id} is gone`);
      await passGate(run, release, started.green);
      await Promise.all(started.green.map((instance) => instance.ref && engine.setRestart(instance.ref, true)));
      await deps.keeper.exclusive(appId, () => join(deps, appId, release.id));
    } catch (error) {
      if (!isTealError(error, 'lease_lost')) await removeTry(deps, held, release.id);
      throw error;
    } finally {
      await log.flush();
    }
  });
}

/** Another version may have gone live in the meantime: then this one is left to retirement. */
async function join(deps: WorkDeps, appId: string, releaseId: string): Promise<void> {
  const app = await deps.context.store.apps.get(appId);
  if (app?.liveReleaseId !== releaseId) return deps.retirement.schedule(appId);
  await fillPool(deps, appId, releaseId);
  await setRoute(deps, appId);
}

/** Instances that did not pass the gate must not be taken for live ones. */
async function removeTry({ context }: WorkDeps, { lease }: HeldLease, releaseId: string): Promise<void> {
  const { store, engine, settings } = context;
  const tried: Instance[] = (await store.instances.list(lease.appId)).filter((i) => i.releaseId === releaseId);
  for (const instance of tried) {
    if (instance.ref !== null) await engine.stop(instance.ref, { graceMs: settings.timing.stopGraceMs });
    await store.instances.update(lease, instance.id, { state: 'off' });
  }
}
