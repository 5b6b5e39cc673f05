/** The story of one deployment: build, start, gate, flip, prove. Any failure before LIVE leaves the live version alone. */
import { type Deployment, type Failure, isTealError, type Release } from '@teal/core';
import { cancelDeployment, failDeployment, failureOf } from './endDeployment.ts';
import { passGate } from './passGate.ts';
import { prepareRelease } from './prepareRelease.ts';
import { enterPhase, type Run, RunFailure, StopRun, throwIfStopped } from './run.ts';
import { runReleaseCommand } from './runReleaseCommand.ts';
import { type StartResult, startInstances } from './startInstances.ts';
import { switchBack, switchTraffic } from './switchTraffic.ts';

const MAX_BEGINNINGS = 2;

/**
 * Runs `run.deployment` from the state it is in to its end. A lost lease or a shutdown leaves it for the next worker.
 * `beginnings`: how often its state has been begun, this time included.
 */
export async function runDeployment(run: Run, beginnings: number): Promise<Deployment> {
  try {
    resume(run, beginnings);
    return await proceed(run);
  } catch (error) {
    const stop = stopOf(run, error);
    // Awaited here: a rejection while the rest is given back would be nobody's.
    if (stop === null) return await fail(run, failureOf(run, error));
    if (stop.why === 'cancelled') return await endCancelled(run);
    if (stop.why === 'shutdown') {
      await switchBack(run);
      await run.context.store.deployments.attempt(run.lease, run.deployment.id, -1);
    }
    throw stop;
  } finally {
    await run.log.flush();
  }
}

/** Switching cannot be cancelled; but one that a dead worker left does not go on once its app was stopped. */
async function endCancelled(run: Run): Promise<Deployment> {
  if (run.deployment.state !== 'switching') return cancelDeployment(run);
  const why = await run.context.store.deployments.cancelRequested(run.deployment.id);
  const reason = `The worker died while switching, and meanwhile ${why ?? 'it was cancelled'}.`;
  return fail(run, { phase: 'switching', code: 'worker_lost', reason });
}

async function fail(run: Run, failure: Failure): Promise<Deployment> {
  await switchBack(run);
  return failDeployment(run, failure);
}

function stopOf(run: Run, error: unknown): StopRun | null {
  if (error instanceof StopRun) return error;
  if (isTealError(error, 'lease_lost')) return new StopRun('lease-lost');
  return run.signal.aborted && run.signal.reason instanceof StopRun ? run.signal.reason : null;
}

/** A deployment found in the middle was left by a dead worker: its phase is begun once more, not for ever. */
function resume(run: Run, beginnings: number): void {
  if (beginnings <= 1) return;
  run.log.line('teal', `The worker was restarted: ${run.deployment.state} begins again.`);
  if (beginnings > MAX_BEGINNINGS) {
    throw new RunFailure(
      'worker_lost',
      `The worker died twice while ${run.deployment.state}. "teal redeploy" tries again.`,
    );
  }
}

async function proceed(run: Run): Promise<Deployment> {
  throwIfStopped(run.signal);
  let release = await releaseOf(run);
  throwIfStopped(run.signal);
  let started = await startGreen(run, release);
  if (started.kept === 'image-gone') {
    await advance(run, 'image-gone', 'the kept image is gone');
    release = await prepareRelease(run);
    started = await startGreen(run, release);
    if (started.kept === 'image-gone')
      throw new RunFailure('image_gone', 'The image was removed while it was to be started.');
  }
  throwIfStopped(run.signal);
  if (run.deployment.state === 'starting') await advance(run, 'started');
  await passGate(run, release, started.green);
  return switchOver(run, release, started.green);
}

async function startGreen(run: Run, release: Release): Promise<StartResult> {
  return (await runReleaseCommand(run, release)) ? startInstances(run, release) : { kept: 'image-gone' };
}

/** The release to start; after a restart of the worker it may be there already. */
async function releaseOf(run: Run): Promise<Release> {
  const { state, releaseId } = run.deployment;
  if (state === 'queued' || state === 'building' || releaseId === null) return prepareRelease(run);
  const release = await run.context.store.releases.get(releaseId);
  if (release === null) throw new Error(`release ${releaseId} of deployment ${run.deployment.id} is gone`);
  return release;
}

async function advance(run: Run, event: 'started' | 'image-gone' | 'gate-passed', note = ''): Promise<void> {
  const moved = await run.context.store.deployments.advance(run.lease, run.deployment.id, event);
  if (moved === null) throw new StopRun('cancelled');
  enterPhase(run, moved, note);
}

function switchOver(run: Run, release: Release, green: Parameters<typeof switchTraffic>[2]): Promise<Deployment> {
  return run.keeper.exclusive(run.app.id, async () => {
    throwIfStopped(run.signal);
    // Domains and maintenance may have changed since the run began; under the lock they stay as they are now.
    const intended = run.deployment.state === 'switching' ? null : advance(run, 'gate-passed');
    const [app] = await Promise.all([run.context.store.apps.get(run.app.id), intended]);
    run.app = app ?? run.app;
    return switchTraffic(run, release, green);
  });
}
