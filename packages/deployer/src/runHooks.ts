/**
 * CC_RUN_SUCCEEDED_HOOK and CC_RUN_FAILED_HOOK: once after a deployment has ended, in the background, at most for a while.
 * What becomes of them changes nothing. Holds no lease; a crash of Teal loses them.
 */
import { type App, type Deployment, hookAfter, isTealError } from '@teal/core';
import type { Context } from './context.ts';
import type { DeploymentLog } from './deploymentLog.ts';
import { type OneOffs, oneOffSpec } from './oneOffs.ts';

/** A deployment that has ended, with the log it wrote. */
export interface Ended {
  app: App;
  deployment: Deployment;
  log: DeploymentLog;
}

export interface Hooks {
  /** Starts the hook that the deployment's end asks for, if any; returns at once. */
  start(ended: Ended): void;
  /** Ends those of an app. */
  endOf(appId: string): Promise<void>;
  close(): Promise<void>;
}

interface Task {
  appId: string;
  stop: AbortController;
  done: Promise<void>;
}

export function createHooks(context: Context, oneOffs: OneOffs): Hooks {
  const tasks = new Set<Task>();
  let closed = false;

  async function end(ending: Task[]): Promise<void> {
    for (const task of ending) task.stop.abort();
    await Promise.all(ending.map((task) => task.done));
  }

  return {
    start(ended) {
      const outcome = outcomeOf(ended.deployment);
      if (outcome === null || closed) return;
      const stop = new AbortController();
      const facts = { appId: ended.app.id, deploymentId: ended.deployment.id };
      const done = runHook({ context, oneOffs, ended, outcome, stop: stop.signal })
        .catch((error) => context.log.warn({ ...facts, err: error }, 'a hook could not be run'))
        .finally(() => tasks.delete(task));
      const task: Task = { appId: ended.app.id, stop, done };
      tasks.add(task);
    },
    endOf: (appId) => end([...tasks].filter((task) => task.appId === appId)),
    close() {
      closed = true;
      return end([...tasks]);
    },
  };
}

/** A deployment that failed before it had anything to start has no instance that a hook could run in. */
function outcomeOf({ state, failure }: Deployment): 'succeeded' | 'failed' | null {
  if (state === 'live') return 'succeeded';
  const failedLate = state === 'failed' && failure !== null && !['queued', 'building'].includes(failure.phase);
  return failedLate ? 'failed' : null;
}

interface HookRun {
  context: Context;
  oneOffs: OneOffs;
  ended: Ended;
  outcome: 'succeeded' | 'failed';
  stop: AbortSignal;
}

async function runHook({ context, oneOffs, ended, outcome, stop }: HookRun): Promise<void> {
  const { store, settings } = context;
  const { app, deployment, log } = ended;
  const release = deployment.releaseId === null ? null : await store.releases.get(deployment.releaseId);
  const hook = release === null ? null : hookAfter(outcome, release.environment);
  const image = release === null || hook === null ? null : await store.images.get(release.imageId);
  if (release === null || hook === null || image === null) return;
  log.line('teal', `${hook.name}: ${hook.command}`);
  const deadline = context.clock.timeout(settings.timing.hookDeadlineMs);
  try {
    const spec = oneOffSpec({ app }, { deployment, release, imageRef: image.ref });
    const signal = AbortSignal.any([stop, deadline]);
    const { exitCode } = await oneOffs.run(spec, {
      command: hook.command,
      log: (text) => log.line('app', text),
      signal,
    });
    const how = exitCode === 0 ? 'has ended.' : `ended with exit code ${exitCode}; the deployment stands as it is.`;
    log.line('teal', `${hook.name} ${how}`);
  } catch (error) {
    const seconds = settings.timing.hookDeadlineMs / 1_000;
    if (stop.aborted) log.line('teal', `${hook.name} was stopped.`);
    else if (deadline.aborted) log.line('teal', `${hook.name} did not end within ${seconds} s and was stopped.`);
    else if (isTealError(error)) log.line('teal', `${hook.name} was not run: ${error.message}`);
    else throw error;
  } finally {
    await log.flush();
  }
}
