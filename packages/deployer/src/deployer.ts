/** The use cases as one object, and the background tasks that belong to them. */
import { type App, type Deployment, routeOf } from '@teal/core';
import { acceptPush, confirmPush, type PushRequest, pushNotes } from './acceptPush.ts';
import { type AppChange, changeApp, setMaintenance } from './changeApp.ts';
import { addDomain, removeDomain } from './changeDomains.ts';
import { collectStrays, settlePushes } from './collectGarbage.ts';
import type { Context } from './context.ts';
import { deleteApp } from './deleteApp.ts';
import { createExitHub } from './exitHub.ts';
import { type Follow, type FollowOptions, followDeployment } from './followDeployment.ts';
import { handleEngineEvent } from './followEngine.ts';
import { createLeaseKeeper } from './leaseKeeper.ts';
import { createOneOffs } from './oneOffs.ts';
import type { JobHandlers } from './ports/queue.ts';
import { reconcileApp } from './reconcile.ts';
import { TRAFFIC_KEPT_MS } from './recordTraffic.ts';
import {
  cancelDeploymentOf,
  type Requested,
  type ReviveRequest,
  redeployApp,
  reviveApp,
  startApp,
} from './requestDeployment.ts';
import { restartLive } from './restartLive.ts';
import { createRetirement } from './retireReleases.ts';
import { createHooks } from './runHooks.ts';
import { sendFailureMails } from './sendFailureMails.ts';
import { stopApp } from './stopApp.ts';
import { tellPushClient } from './tellPushClient.ts';
import { workApp } from './workApp.ts';
import type { WorkDeps } from './workDeps.ts';

export interface Deployer extends JobHandlers {
  /** Brings everything to what the database says and starts the background tasks. Resolves when the router has every route. */
  start(): Promise<void>;
  /** Stops the background tasks; running deployments stop where they are and go on at the next start. */
  close(): Promise<void>;
  createApp(app: Parameters<Context['store']['apps']['create']>[0]): Promise<App>;
  /** Settings and deploy branch. Throws `https_off`. */
  changeApp(app: App, change: AppChange): Promise<App>;
  /** Throws `domain_invalid`, `domain_reserved`, `domain_taken`. */
  addDomain(app: App, domain: { name: string; primary?: boolean }): Promise<App>;
  /** Throws `domain_not_found`, `domain_default`. */
  removeDomain(app: App, name: string): Promise<App>;
  /** `page` undefined keeps the app's own page, null forgets it. */
  setMaintenance(app: App, change: { on: boolean; page?: string | null }): Promise<App>;
  deleteApp(app: App): Promise<void>;
  stopApp(app: App, requestedBy: string): Promise<void>;
  startApp(app: App, requestedBy: string): Promise<Requested>;
  revive(app: App, request: ReviveRequest): Promise<Requested>;
  redeploy(app: App, request: { requestedBy: string; commit?: string }): Promise<Requested>;
  cancel(app: App, request: { deploymentId: string; requestedBy: string }): Promise<Deployment>;
  acceptPush(push: PushRequest): Promise<string>;
  /** After the refs have moved: makes the deployment and yields the lines for the push client. */
  pushLanded(pushId: string, push: PushRequest, signal: AbortSignal): AsyncIterable<string>;
  /** Git ended after `acceptPush` without telling: confirms the push if its ref moved, otherwise forgets it. */
  settlePush(pushId: string): Promise<void>;
  follow(options: FollowOptions): AsyncGenerator<Follow>;
}

export function createDeployer(context: Context): Deployer {
  const { store, router, source, clock, log, settings } = context;
  const keeper = createLeaseKeeper(context);
  const exits = createExitHub();
  const retirement = createRetirement({ ...context, keeper });
  const oneOffs = createOneOffs(context);
  const hooks = createHooks(context, oneOffs);
  const deps: WorkDeps = { context, keeper, exits, retirement, oneOffs, hooks };
  const closing = new AbortController();
  const tasks: Promise<void>[] = [];
  async function confirm(pushId: string): Promise<string | null> {
    const push = await store.pushes.get(pushId);
    return push === null ? null : confirmPush(context, push);
  }

  const restarting = new Map<string, Promise<void>>();

  async function reconcileOne(appId: string): Promise<void> {
    // Instances that are being started again have not passed their gate: nobody else may take them for live.
    if (restarting.has(appId)) return;
    try {
      const actions = await reconcileApp(deps, appId);
      if (actions.some((action) => action.do === 'restart-live')) restart(appId);
    } catch (error) {
      if (!closing.signal.aborted) log.warn({ appId, err: error }, 'an app could not be reconciled; it is tried again');
    }
    retirement.schedule(appId);
  }

  function restart(appId: string): void {
    const task = restartLive(deps, appId, closing.signal)
      .catch((error) => {
        if (!closing.signal.aborted)
          log.warn({ appId, err: error }, 'a live version could not be started again; it is tried again');
      })
      .finally(() => restarting.delete(appId));
    restarting.set(appId, task);
  }

  async function sweep(): Promise<void> {
    await settlePushes(context, confirm);
    for (const appId of await store.apps.ids()) await reconcileOne(appId);
    for (const appId of await store.deployments.appsWithWork()) await context.queue.appHasWork(appId);
    await context.queue.mailIsWaiting();
    await store.traffic.purge(new Date(clock.now().getTime() - TRAFFIC_KEPT_MS));
  }

  /** A worker that died right after LIVE had no time to turn it on. */
  async function restoreRestartPolicy(appId: string): Promise<void> {
    const app = await store.apps.get(appId);
    const live = (await store.instances.list(appId)).filter((instance) => instance.releaseId === app?.liveReleaseId);
    for (const { ref, state } of live) {
      if (ref === null || state !== 'running') continue;
      await context.engine
        .setRestart(ref, true)
        .catch((error) => log.warn({ appId, ref, err: error }, 'no restart policy'));
    }
  }

  async function sweepForever(): Promise<void> {
    while (!closing.signal.aborted) {
      await clock.sleep(settings.timing.sweepMs, closing.signal);
      if (closing.signal.aborted) return;
      await sweep().catch((error) => log.warn({ err: error }, 'the sweep failed; it comes again'));
    }
  }

  return {
    async start() {
      await collectStrays(context);
      tasks.push(context.engine.watch((event) => void handleEngineEvent(deps, event), closing.signal));
      await sweep();
      for (const appId of await store.apps.ids()) await restoreRestartPolicy(appId);
      tasks.push(sweepForever());
    },
    async close() {
      closing.abort();
      await hooks.close();
      await retirement.close();
      await Promise.all([...tasks, ...restarting.values()]);
      await keeper.close();
    },
    async createApp(app) {
      const created = await store.apps.create(app);
      await source.create(created.id);
      await router.setHosts(created.id, settings.hostsOf(created));
      await router.setRoute(created.id, routeOf(created, { mode: 'empty' }));
      return created;
    },
    changeApp: (app, change) => changeApp(deps, app, change),
    addDomain: (app, domain) => addDomain(deps, app, domain),
    removeDomain: (app, name) => removeDomain(deps, app, name),
    setMaintenance: (app, change) => setMaintenance(deps, app, change),
    deleteApp: (app) => deleteApp(context, app.id),
    stopApp: (app, requestedBy) => stopApp(deps, app, requestedBy),
    startApp: (app, requestedBy) => startApp(context, app, requestedBy),
    revive: (app, request) => reviveApp(context, app, request),
    redeploy: (app, request) => redeployApp(context, app, request),
    cancel: (app, request) => cancelDeploymentOf(context, app, request),
    acceptPush: (push) => acceptPush(context, push),
    async *pushLanded(pushId, push, signal) {
      const deploymentId = await confirm(pushId);
      yield* await pushNotes(context, push);
      if (deploymentId !== null) yield* tellPushClient(context, deploymentId, signal);
    },
    async settlePush(pushId) {
      const push = await store.pushes.get(pushId);
      if (push === null) return;
      const moved =
        push.command !== null && (await source.landed(push.appId, push.command.ref, push.command.newCommit));
      if (moved) await confirmPush(context, push);
      else await store.pushes.drop(push.id);
    },
    follow: (options) => followDeployment(context, options),
    workApp: (appId, signal) => workApp(deps, appId, AbortSignal.any([signal, closing.signal])),
    async sendMail(signal) {
      const dueMs = await sendFailureMails(context, signal);
      if (dueMs !== null && !signal.aborted) scheduleMail(dueMs);
    },
  };

  function scheduleMail(dueMs: number): void {
    void clock.sleep(dueMs, closing.signal).then(async () => {
      if (!closing.signal.aborted) await context.queue.mailIsWaiting().catch(() => {});
    });
  }
}
