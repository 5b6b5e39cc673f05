/** Step 4 of a deployment: intent in the database, flip, proof, LIVE. The only step that moves traffic to a new version. */
import {
  type Deployment,
  desiredRoute,
  type Instance,
  type Release,
  routeOf,
  shortCommit,
  TealError,
} from '@teal/core';
import { publicAddress } from './context.ts';
import type { Member } from './ports/router.ts';
import { type Run, RunFailure } from './run.ts';

const PROOF_INTERVAL_MS = 20;
const PROOF_TIMEOUT_MS = 5_000;

/** Runs under the app's lock, with `run.app` as it is under it, and cannot be cancelled; ends LIVE, or throws with the traffic where it was. */
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
    await switchBack(run, release, colour);
    throw error instanceof TealError ? RunFailure.of(error) : error;
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

async function switchBack(run: Run, release: Release, colour: Instance['colour']): Promise<void> {
  const { router, store, log } = run.context;
  try {
    const app = await store.apps.get(run.app.id);
    // goLive may have happened although its answer was lost: then this version is what the database wants.
    if (app === null || app.liveReleaseId === release.id) return;
    await router.setRoute(app.id, desiredRoute(app, await store.instances.list(app.id)));
    const pool = (await router.observe(app.id))?.pools[colour];
    if (pool?.deploymentId === run.deployment.id) await router.setPool({ ...pool, members: [] });
    run.log.line('teal', `Traffic is back where it was (not ${shortCommit(run.deployment.commit.commit)}).`);
  } catch (error) {
    log.error({ appId: run.app.id, err: error }, 'switching back failed; the reconciler repairs it');
  }
}
