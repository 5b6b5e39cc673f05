/** "This app has work": chooses the next deployment from the database and runs it, until nothing is left. */
import { type App, type Deployment, TealError } from '@teal/core';
import { collectImages } from './collectGarbage.ts';
import type { Context } from './context.ts';
import { removeApp } from './deleteApp.ts';
import { openDeploymentLog } from './deploymentLog.ts';
import { forgetHistory } from './forgetHistory.ts';
import type { HeldLease } from './leaseKeeper.ts';
import { StopRun } from './run.ts';
import { runDeployment } from './runDeployment.ts';
import type { WorkDeps } from './workDeps.ts';

/** Works until the app has no work; throws `app_busy` while another process works on it. */
export async function workApp(deps: WorkDeps, appId: string, shutdown: AbortSignal): Promise<void> {
  const { store } = deps.context;
  await deps.keeper.hold(appId, async (held) => {
    for (;;) {
      if (shutdown.aborted) return;
      const [app, deleting, active, queued] = await Promise.all([
        store.apps.get(appId),
        store.apps.isDeleting(appId),
        store.deployments.active(appId),
        store.deployments.next(appId),
      ]);
      if (app === null) return;
      const next = active ?? (deleting ? null : queued);
      if (next !== null) await runOne(deps, held, { app, deployment: next, shutdown });
      else if (deleting) return deps.keeper.exclusive(appId, (owner) => removeApp(deps, owner));
      else return;
    }
  });
}

async function runOne(
  deps: WorkDeps,
  held: HeldLease,
  { app, deployment, shutdown }: { app: App; deployment: Deployment; shutdown: AbortSignal },
): Promise<void> {
  const { context, keeper, exits, retirement, oneOffs, hooks } = deps;
  const places = deps.places.open(app.id);
  const stop = watchForStop(context, deployment.id, { lost: held.lost, shutdown });
  try {
    const [log, beginnings] = await Promise.all([
      openDeploymentLog(context, deployment.id),
      context.store.deployments.attempt(held.lease, deployment.id, 1),
      stop.checkCancel(),
    ]);
    const run = {
      context: held.context,
      keeper,
      exits,
      oneOffs,
      places,
      lease: held.lease,
      app,
      deployment,
      log,
      signal: stop.signal,
    };
    const ended = await runDeployment(run, beginnings);
    context.log.info(
      { appId: app.id, deploymentId: ended.id, state: ended.state, code: ended.failure?.code },
      'deployment ended',
    );
    hooks.start({ app, deployment: ended, log });
    await afterEnd(held, ended);
  } catch (error) {
    // At shutdown the deployment stays as it is, for the next start; without the lease it is somebody else's.
    if (error instanceof StopRun && error.why === 'shutdown') return;
    throw error instanceof StopRun ? new TealError('lease_lost', {}, { cause: error }) : error;
  } finally {
    stop.end();
    await places.close(held.context);
    retirement.schedule(app.id);
  }
}

/** What a crash may cost for a while: the next start or deployment does it again. */
async function afterEnd(held: HeldLease, deployment: Deployment): Promise<void> {
  const { store, engine, log } = held.context;
  try {
    if (deployment.state === 'live') {
      const live = (await store.instances.list(deployment.appId)).filter((i) => i.releaseId === deployment.releaseId);
      await Promise.all(live.map((instance) => instance.ref && engine.setRestart(instance.ref, true)));
      await collectImages(held);
    }
    await forgetHistory(held);
  } catch (error) {
    log.warn({ appId: deployment.appId, err: error }, 'tidying up after a deployment failed; it is tried again later');
  }
}

interface StopWatch {
  signal: AbortSignal;
  checkCancel(): Promise<void>;
  end(): void;
}

function watchForStop(
  { store }: Pick<Context, 'store'>,
  deploymentId: string,
  { lost, shutdown }: { lost: AbortSignal; shutdown: AbortSignal },
): StopWatch {
  const stop = new AbortController();
  const onLost = () => stop.abort(new StopRun('lease-lost'));
  const onShutdown = () => stop.abort(new StopRun('shutdown'));
  const checkCancel = async () => {
    if ((await store.deployments.cancelRequested(deploymentId)) !== null) stop.abort(new StopRun('cancelled'));
  };
  const unsubscribe = store.bus.subscribe((event) => {
    const mine = event.kind === 'cancel' && event.deploymentId === deploymentId;
    // A wish to cancel is in the database: `advance` sees it even if this question fails.
    if (mine || event.kind === 'resync') void checkCancel().catch(() => {});
  });
  lost.addEventListener('abort', onLost);
  shutdown.addEventListener('abort', onShutdown);
  if (lost.aborted) onLost();
  if (shutdown.aborted) onShutdown();
  return {
    signal: stop.signal,
    checkCancel,
    end() {
      unsubscribe();
      lost.removeEventListener('abort', onLost);
      shutdown.removeEventListener('abort', onShutdown);
    },
  };
}
