/** The use cases as one object, and the background tasks that belong to them. */
import { type App, type Deployment, isTealError, SENT_MAILS_KEPT_MS } from '@teal/core';
import { acceptPush, confirmPush, type PushRequest, pushNotes } from './acceptPush.ts';
import { type AppChange, changeApp, setMaintenance } from './changeApp.ts';
import { addDomain, removeDomain } from './changeDomains.ts';
import { collectStrays, settlePushes } from './collectGarbage.ts';
import { completeLive } from './completeLive.ts';
import type { Context } from './context.ts';
import { deleteApp } from './deleteApp.ts';
import { createExitHub } from './exitHub.ts';
import { type Follow, type FollowOptions, followDeployment } from './followDeployment.ts';
import { handleEngineEvent } from './followEngine.ts';
import { createLeaseKeeper } from './leaseKeeper.ts';
import { createOneOffs } from './oneOffs.ts';
import { createPlaces } from './places.ts';
import type { EngineEvent } from './ports/engine.ts';
import type { JobHandlers } from './ports/queue.ts';
import { createReconciler, type Round } from './reconcile.ts';
import { TRAFFIC_KEPT_MS } from './recordTraffic.ts';
import {
  cancelDeploymentOf,
  type Requested,
  type ReviveRequest,
  redeployApp,
  reviveApp,
  startApp,
} from './requestDeployment.ts';
import { createRetirement } from './retireReleases.ts';
import { createHooks } from './runHooks.ts';
import { sendMails } from './sendMails.ts';
import { setRoute } from './setRoute.ts';
import { stopApp } from './stopApp.ts';
import { tellPushClient } from './tellPushClient.ts';
import { workApp } from './workApp.ts';
import type { WorkDeps } from './workDeps.ts';

/** A start looks again at apps that it could not bring to their routes; then the rounds do. */
const START_TRIES = 10;
const START_PAUSE_MS = 500;

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
  const { store, source, clock, log, settings } = context;
  const keeper = createLeaseKeeper(context);
  const exits = createExitHub();
  const retirement = createRetirement({ ...context, keeper });
  const oneOffs = createOneOffs(context);
  const hooks = createHooks(context, oneOffs);
  const places = createPlaces(context, reconcileSoon);
  const deps: WorkDeps = { context, keeper, exits, retirement, oneOffs, places, hooks };
  const closing = new AbortController();
  const tasks: Promise<void>[] = [];
  async function confirm(pushId: string): Promise<string | null> {
    const push = await store.pushes.get(pushId);
    return push === null ? null : confirmPush(context, push);
  }

  const reconciler = createReconciler(deps);
  const completing = new Map<string, Promise<void>>();
  const soon = new Map<string, { again: boolean; done: Promise<void> }>();

  /** False when it could not be looked at. */
  async function reconcileOne(appId: string, round: Round): Promise<boolean> {
    // Instances that are being started again have not passed their gate: nobody else may take them for live.
    if (completing.has(appId)) return true;
    let done = true;
    try {
      const actions = await reconciler.reconcile(appId, round);
      if (actions.some((action) => action.do === 'complete-live')) complete(appId);
    } catch (error) {
      // Whoever works on the app leaves it as it should be; if not, the next round finds it.
      done = isTealError(error, 'app_busy');
      if (!closing.signal.aborted && !isTealError(error, 'app_busy'))
        log.warn({ appId, err: error }, 'an app could not be reconciled; it is tried again');
    }
    retirement.schedule(appId);
    return done;
  }

  function complete(appId: string): void {
    const task = completeLive(deps, appId, closing.signal)
      .catch((error) => {
        if (!closing.signal.aborted)
          log.warn({ appId, err: error }, 'a live version could not be made whole again; it is tried again');
      })
      .finally(() => completing.delete(appId));
    completing.set(appId, task);
  }

  /** Something has happened to the app: it is looked at now, and once more for all that happens meanwhile. */
  function reconcileSoon(appId: string): void {
    const running = soon.get(appId);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    const state = { again: true, done: Promise.resolve() };
    const rounds = async () => {
      while (state.again && !closing.signal.aborted) {
        state.again = false;
        await reconcileOne(appId, { listed: await context.engine.list(), urgent: false });
      }
    };
    soon.set(appId, state);
    state.done = rounds()
      .catch((error) => log.warn({ appId, err: error }, 'an app could not be looked at; the next round does it'))
      .finally(() => soon.delete(appId));
  }

  /** One look at the engine for all apps: the rounds grow with what there is, not with its square. */
  let round = -1;
  async function sweep(urgent: boolean): Promise<{ left: number }> {
    round += 1;
    await settlePushes(context, confirm);
    const listed = await context.engine.list();
    const appIds = await store.apps.ids();
    reconciler.keepOnly(new Set(appIds));
    const byApp = Map.groupBy(listed, (instance) => instance.appId);
    let left = 0;
    for (const appId of appIds) if (!(await reconcileOne(appId, { listed: byApp.get(appId) ?? [], urgent }))) left += 1;
    for (const appId of await store.deployments.appsWithWork()) await context.queue.appHasWork(appId);
    await context.queue.mailIsWaiting();
    await collectStrays(context, { everyImage: round === 1 });
    await store.traffic.purge(new Date(clock.now().getTime() - TRAFFIC_KEPT_MS));
    await store.outbox.purge(new Date(clock.now().getTime() - SENT_MAILS_KEPT_MS));
    return { left };
  }

  async function sweepForever(): Promise<void> {
    // The first round at once: the one at the start has left what nobody waits for.
    while (!closing.signal.aborted) {
      await sweep(false).catch((error) => log.warn({ err: error }, 'the sweep failed; it comes again'));
      await clock.sleep(settings.timing.sweepMs, closing.signal);
    }
  }

  return {
    async start() {
      const onEvent = (event: EngineEvent) => {
        void handleEngineEvent(deps, event);
        if (event.type === 'exited') reconcileSoon(event.appId);
      };
      tasks.push(context.engine.watch(onEvent, closing.signal));
      // No request may meet an app without its route because the database had a bad moment.
      for (let tries = 1; (await sweep(true)).left > 0 && tries < START_TRIES; tries += 1)
        await clock.sleep(START_PAUSE_MS, closing.signal);
      tasks.push(sweepForever());
    },
    async close() {
      closing.abort();
      await hooks.close();
      await retirement.close();
      await Promise.all([...tasks, ...completing.values(), ...[...soon.values()].map(({ done }) => done)]);
      await places.close();
      await keeper.close();
    },
    async createApp(app) {
      const created = await store.apps.create(app);
      await source.create(created.id);
      await keeper.exclusive(created.id, async (held) => {
        await held.context.router.setHosts(created.id, settings.hostsOf(created));
        await setRoute(held, created.id);
      });
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
    acceptPush: (push) => acceptPush(deps, push),
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
      const dueMs = await sendMails(context, signal);
      if (dueMs !== null && !signal.aborted) scheduleMail(dueMs);
    },
  };

  function scheduleMail(dueMs: number): void {
    void clock.sleep(dueMs, closing.signal).then(async () => {
      if (!closing.signal.aborted) await context.queue.mailIsWaiting().catch(() => {});
    });
  }
}
