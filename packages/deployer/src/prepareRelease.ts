/** Step 1 of a deployment: source at the commit → image → release. Starts nothing. */
import { createHash } from 'node:crypto';
import { type Image, nextColour, type Release, shortageOf, TealError } from '@teal/core';
import type { BuildPlan } from './ports/engine.ts';
import type { SourceTree } from './ports/source.ts';
import { enterPhase, type Run, RunFailure, StopRun, throwIfStopped } from './run.ts';

/** Moves the deployment to `starting` and returns its release; throws RunFailure or StopRun. */
export async function prepareRelease(run: Run): Promise<Release> {
  const { context, deployment } = run;
  const kept = deployment.releaseId === null ? null : await context.store.releases.get(deployment.releaseId);
  return kept === null ? prepareNew(run) : prepareKept(run, kept);
}

/** A release that was live before: its image as it is, or as a last resort built again. */
async function prepareKept(run: Run, release: Release): Promise<Release> {
  const { store, engine } = run.context;
  const image = await store.images.get(release.imageId);
  const present = await store.instances.list(run.app.id);
  const running = present.find((instance) => instance.releaseId === release.id);
  const colour = running?.colour ?? (await freeColour(run));
  if (running !== undefined || (image !== null && (await engine.hasImage(image.ref)))) {
    // Under the lock: a retirement that is about to freeze this release either has done so, or sees that it is wanted.
    await run.keeper.exclusive(run.app.id, () =>
      moveOn(run, withImage(run), { releaseId: release.id, colour }, 'the kept version'),
    );
    return release;
  }
  await moveOn(run, 'claimed', { releaseId: release.id, colour }, 'its image is gone, so it is built again');
  const source = await openSource(run, release.commit.commit);
  const plan = await planBuild(run, source, release.environment);
  const ref = await build(run, source, plan, { imageId: release.imageId, environment: release.environment });
  if (image === null)
    await store.images.create(run.lease, {
      id: release.imageId,
      appId: run.app.id,
      key: keyOf(run, source, plan),
      ref,
    });
  else await store.images.replaceRef(run.lease, release.imageId, ref);
  await moveOn(run, 'built');
  return release;
}

async function prepareNew(run: Run): Promise<Release> {
  const { store, engine } = run.context;
  const { environment } = run.app;
  run.places.prepare(run.context, run.app);
  const [colour, { source, plan }] = await Promise.all([freeColour(run), openAndPlan(run)]);
  const key = keyOf(run, source, plan);
  const known = await store.images.byKey(run.app.id, key);
  const fresh = run.deployment.pushOptions.includes('no-cache');
  if (known !== null && !fresh && (await engine.hasImage(known.ref))) {
    const release = await makeRelease(run, known.id, plan);
    await moveOn(
      run,
      withImage(run),
      { releaseId: release.id, colour },
      'the same source was built before: its image is used again',
    );
    return release;
  }
  await moveOn(run, 'claimed', { colour }, plan.summary);
  const imageId = known?.id ?? run.context.ids.newId('image');
  const ref = await build(run, source, plan, { imageId, environment });
  const [release] = await Promise.all([makeRelease(run, imageId, plan), keepImage(run, { known, imageId, key, ref })]);
  await moveOn(run, 'built', { releaseId: release.id });
  return release;
}

/** The image is there; a worker that died may have left the deployment while it was built. */
function withImage(run: Run): 'built' | 'claimed-with-image' {
  return run.deployment.state === 'building' ? 'built' : 'claimed-with-image';
}

async function keepImage(
  run: Run,
  { known, imageId, key, ref }: { known: Image | null; imageId: string; key: string; ref: string },
): Promise<void> {
  const { images } = run.context.store;
  if (known === null) await images.create(run.lease, { id: imageId, appId: run.app.id, key, ref });
  else await images.replaceRef(run.lease, known.id, ref);
}

/** A transition and its log line. A resumed run is in the wanted state already. */
async function moveOn(
  run: Run,
  event: 'claimed' | 'claimed-with-image' | 'built',
  change: { releaseId?: string; colour?: 'blue' | 'green' } = {},
  note = '',
): Promise<void> {
  const resumed = event === 'claimed' && run.deployment.state === 'building';
  if (resumed) return enterPhase(run, run.deployment, note);
  const moved = await run.context.store.deployments.advance(run.lease, run.deployment.id, event, change);
  if (moved === null) throw new StopRun('cancelled');
  enterPhase(run, moved, note);
}

async function freeColour(run: Run) {
  const live = await run.context.store.deployments.live(run.app.id);
  return nextColour(live?.colour ?? null);
}

async function openAndPlan(run: Run): Promise<{ source: SourceTree; plan: BuildPlan }> {
  const source = await openSource(run, run.deployment.commit.commit);
  return { source, plan: await planBuild(run, source, run.app.environment) };
}

async function openSource(run: Run, commit: string): Promise<SourceTree> {
  try {
    return await run.context.source.open(run.app.id, commit);
  } catch (error) {
    if (error instanceof TealError) throw RunFailure.of(error);
    throw error;
  }
}

async function planBuild(run: Run, source: SourceTree, environment: Release['environment']): Promise<BuildPlan> {
  const outcome = await run.context.engine.plan({ appId: run.app.id, source, environment });
  if (!outcome.ok) throw new RunFailure(outcome.code, outcome.reason);
  return outcome.plan;
}

/** Same app, tree, engine, recipe, base and build inputs → same key. */
function keyOf(run: Run, source: SourceTree, plan: BuildPlan): string {
  const parts = [run.app.id, source.facts.tree, run.context.engine.kind, plan.inputsDigest];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

async function build(
  run: Run,
  source: SourceTree,
  plan: BuildPlan,
  { imageId, environment }: { imageId: string; environment: Release['environment'] },
): Promise<string> {
  const { engine, settings, clock, room } = run.context;
  const shortage = shortageOf(await room.measure(), 'build');
  if (shortage !== null) throw RunFailure.of(shortage);
  const deadline = clock.timeout(settings.timing.buildDeadlineMs);
  try {
    const outcome = await engine.build({
      appId: run.app.id,
      appName: run.app.name,
      organisationId: run.app.organisationId,
      source,
      environment,
      plan,
      imageId,
      fresh: run.deployment.pushOptions.includes('no-cache'),
      log: (who, text) => run.log.line(who, text),
      signal: AbortSignal.any([run.signal, deadline]),
    });
    throwIfStopped(run.signal);
    if (!outcome.ok) throw new RunFailure(outcome.code, outcome.reason);
    return outcome.ref;
  } catch (error) {
    throwIfStopped(run.signal);
    if (deadline.aborted)
      throw RunFailure.of(
        new TealError(
          'build_timeout',
          { limit: `${settings.timing.buildDeadlineMs / 60_000} minutes` },
          { cause: error },
        ),
      );
    throw error;
  }
}

/**
 * Digest that tells two configurations apart, whatever the order of their keys. Only what a running instance is made of
 * counts: a longer gate deadline is no other version.
 */
export function configurationDigest({ environment, settings }: Pick<Release, 'environment' | 'settings'>): string {
  const { scale, memoryMib, cpus, maxProcesses } = settings;
  const sorted = [Object.entries(environment).sort(), { scale, memoryMib, cpus, maxProcesses }];
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}

function makeRelease(run: Run, imageId: string, { releaseCommand }: BuildPlan): Promise<Release> {
  const { environment, settings } = run.app;
  return run.context.store.releases.create(run.lease, {
    id: run.context.ids.newId('release'),
    appId: run.app.id,
    imageId,
    commit: run.deployment.commit,
    environment,
    settings,
    releaseCommand,
    configurationDigest: configurationDigest({ environment, settings }),
  });
}
