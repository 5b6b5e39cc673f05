/** Step 4 of a deployment: intent in the database, flip, proof, LIVE. The only step that moves traffic to a new version. */
import {
  type App,
  type Deployment,
  desiredRoute,
  type Instance,
  isTealError,
  type Release,
  routeOf,
  shortCommit,
  TealError,
} from '@teal/core';
import { publicAddress } from './context.ts';
import type { Member, Pool } from './ports/router.ts';
import { type Run, RunFailure } from './run.ts';

const PROOF_INTERVAL_MS = 20;
const PROOF_TIMEOUT_MS = 5_000;
/** Longer than any single call's deadline; what lasts longer is left to the reconciler. */
const WAY_BACK_MS = 60_000;
const WAY_BACK_INTERVAL_MS = 500;

/** Runs under the app's lock, with `run.app` as it is under it, and cannot be cancelled; ends LIVE, or throws, and then {@link switchBack} is due. */
export async function switchTraffic(run: Run, release: Release, instances: readonly Instance[]): Promise<Deployment> {
  const { context, app } = run;
  const { router, store } = context;
  const colour = instances[0]?.colour;
  if (colour === undefined) throw new Error('a switch without instances');
  try {
    const pool = { appId: app.id, colour, releaseId: release.id, deploymentId: run.deployment.id };
    await router.setPool({ ...pool, members: membersOf(instances) });
    await router.setRoute(app.id, routeOf(app, { mode: 'up', live: colour }));
    await prove(run);
    run.log.setPhase('done');
    run.log.line('teal', `==> live: ${context.settings.urlOf(app)} answers from this version`);
    await run.log.flush();
    return await store.deployments.goLive(run.lease, run.deployment.id);
  } catch (error) {
    throw error instanceof TealError && error.code !== 'lease_lost' ? RunFailure.of(error) : error;
  }
}

export function membersOf(instances: readonly Instance[]): Member[] {
  return instances.flatMap(({ id, address }) => (address === null ? [] : [{ instanceId: id, address }]));
}

/** Asks through the public route until the new version answers; throws `switch_unproven`. */
async function prove(run: Run): Promise<void> {
  const { prober, settings, clock } = run.context;
  const deadline = clock.timeout(settings.timing.switchDeadlineMs);
  const address = publicAddress(run.context);
  const host = settings.hostsOf(run.app)[0] ?? 'localhost';
  let seen = 'no answer';
  while (!deadline.aborted) {
    const request = { address, host, path: '/', timeoutMs: PROOF_TIMEOUT_MS, signal: deadline };
    const proof = await prober.identify({ ...request, secret: settings.proofSecret }).catch((error) => {
      if (deadline.aborted) return null;
      throw error;
    });
    if (proof?.deploymentId === run.deployment.id) return;
    if (proof !== null)
      seen = proof.deploymentId === null ? 'no proof in the answer' : `${proof.deploymentId} answered`;
    await clock.sleep(PROOF_INTERVAL_MS, deadline);
  }
  throw new TealError('switch_unproven', { detail: seen });
}

/**
 * Takes the traffic away from a version that is about to be recorded as failed, and tries it until router and database do
 * it: the record must not come first. Does nothing for what never came to its switch. Throws `lease_lost` once that is so.
 */
export async function switchBack(run: Run): Promise<void> {
  const { deployment, context, keeper } = run;
  if (deployment.state !== 'switching') return;
  const over = context.clock.timeout(WAY_BACK_MS);
  for (;;) {
    try {
      return await keeper.exclusive(run.app.id, () => leaveRoute(run));
    } catch (error) {
      if (isTealError(error, 'lease_lost')) throw error;
      const facts = { appId: run.app.id, err: error };
      if (over.aborted) return context.log.error(facts, 'switching back failed; the reconciler repairs it');
      context.log.warn(facts, 'switching back failed; it is tried again');
      await context.clock.sleep(WAY_BACK_INTERVAL_MS, over);
    }
  }
}

async function leaveRoute(run: Run): Promise<void> {
  const { router, store } = run.context;
  const appId = run.app.id;
  const [app, instances] = await Promise.all([store.apps.get(appId), store.instances.list(appId)]);
  // goLive may have happened although its answer was lost: then this version is what the database wants.
  if (app === null || app.liveReleaseId === run.deployment.releaseId) return;
  const colour = instances.find(({ releaseId }) => releaseId === run.deployment.releaseId)?.colour;
  const pool = colour === undefined ? undefined : (await router.observe(appId))?.pools[colour];
  const isTaken = pool?.deploymentId === run.deployment.id;
  const live = await livePool(run, app, instances);
  // A version that slept beside the live one shares its pool, and has taken its place there.
  const shares = live !== null && live.colour === colour;
  if (isTaken && shares) await router.setPool(live);
  await router.setRoute(appId, desiredRoute(app, instances));
  if (isTaken && !shares) await router.setPool({ ...pool, members: [] });
  run.log.line('teal', `Traffic is back where it was (not ${shortCommit(run.deployment.commit.commit)}).`);
}

/** As it is before a switch; null when nothing is live. */
async function livePool(run: Run, app: App, instances: readonly Instance[]): Promise<Pool | null> {
  const serving = instances.filter(({ releaseId, state }) => releaseId === app.liveReleaseId && state !== 'off');
  const [first] = serving;
  const deployment = first === undefined ? null : await run.context.store.deployments.live(app.id);
  if (first === undefined || deployment === null) return null;
  const { colour, releaseId } = first;
  return { appId: app.id, colour, releaseId, deploymentId: deployment.id, members: membersOf(serving) };
}
