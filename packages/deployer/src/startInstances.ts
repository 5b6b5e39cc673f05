/** Step 2 of a deployment: a release's instances, woken where they sleep, started where they are not. Routes nothing. */
import { type Image, type Instance, type Release, TealError } from '@teal/core';
import { specOf } from './instanceSpec.ts';
import type { StartedInstance } from './ports/engine.ts';
import { type Run, RunFailure, throwIfStopped } from './run.ts';

export type StartResult = { kept: 'yes'; green: Instance[] } | { kept: 'image-gone' };

/**
 * Returns the instances that are to pass the gate; throws RunFailure or StopRun. `serving`: those of a live version that run
 * and are left alone; what is started beside them stays `starting` in its row, so that nobody takes it for one of them.
 */
export async function startInstances(
  run: Run,
  release: Release,
  serving: readonly Instance[] | null = null,
): Promise<StartResult> {
  const { store } = run.context;
  const state = serving === null ? 'running' : 'starting';
  const [instances, image] = await Promise.all([store.instances.list(run.app.id), store.images.get(release.imageId)]);
  const kept = new Set(serving?.map(({ id }) => id));
  const present = instances.filter((instance) => instance.releaseId === release.id && !kept.has(instance.id));
  // Of a live version all that has a name was started long ago: it is woken if that is possible.
  const isOwn = ({ deploymentId, ref }: Instance) =>
    deploymentId === run.deployment.id && (serving === null || ref === null);
  const own = present.filter(isOwn);
  const earlier = present.filter((instance) => !isOwn(instance));
  const adopted = (await Promise.all(earlier.map((instance) => adopt(run, instance, state)))).filter(
    (green) => green !== null,
  );
  try {
    const missing = Math.max(0, release.settings.scale - kept.size - adopted.length - own.length);
    const numbers = freeNumbers([...(serving ?? []), ...adopted, ...own], missing);
    const fresh = await Promise.all(numbers.map((number) => createRow(run, release, number)));
    const started = await Promise.all(
      [...own, ...fresh].map((instance) => startOne(run, { release, instance, image, state })),
    );
    return { kept: 'yes', green: [...adopted, ...started] };
  } catch (error) {
    throwIfStopped(run.signal);
    if (error instanceof TealError && error.code === 'image_gone') return { kept: 'image-gone' };
    if (error instanceof TealError) throw RunFailure.of(error);
    throw error;
  }
}

function freeNumbers(taken: readonly Instance[], count: number): number[] {
  const used = new Set(taken.map((instance) => instance.number));
  const numbers: number[] = [];
  for (let number = 0; numbers.length < count; number += 1) if (!used.has(number)) numbers.push(number);
  return numbers;
}

async function createRow(run: Run, release: Release, number: number): Promise<Instance> {
  const id = run.places.next() ?? run.context.ids.newId('instance');
  const row = await run.context.store.instances.create(run.lease, {
    id,
    appId: run.app.id,
    releaseId: release.id,
    deploymentId: run.deployment.id,
    number,
    colour: run.deployment.colour ?? 'blue',
  });
  run.places.taken(id);
  return row;
}

/** Takes over an instance of the release that still exists; null when it turned out to be dead. */
async function adopt(run: Run, instance: Instance, state: Instance['state']): Promise<Instance | null> {
  const { engine, store } = run.context;
  const wasAsleep = instance.state === 'asleep';
  try {
    if (instance.ref === null) throw new TealError('start_failed', { detail: 'it never started' });
    const woken = await engine.wake(instance.ref);
    const awake = await record(run, instance, { ...woken, state });
    run.log.line('teal', `Instance ${instance.number} ${wasAsleep ? 'is awake' : 'still runs'}.`);
    return awake;
  } catch (error) {
    throwIfStopped(run.signal);
    run.log.line('teal', `Instance ${instance.number} is gone: another is started in its place.`);
    run.context.log.warn({ instanceId: instance.id, err: error }, 'an instance could not be adopted');
    if (instance.ref !== null) await engine.stop(instance.ref, { graceMs: 0 });
    await store.instances.update(run.lease, instance.id, { state: 'off' });
    return null;
  }
}

interface Start {
  release: Release;
  instance: Instance;
  image: Image | null;
  state: Instance['state'];
}

async function startOne(run: Run, { release, instance, image, state }: Start): Promise<Instance> {
  const { engine, settings, clock } = run.context;
  if (image === null) throw new TealError('image_gone');
  const signal = AbortSignal.any([run.signal, clock.timeout(settings.timing.startDeadlineMs)]);
  const started = await engine.start(specOf(run, { release, instance, imageRef: image.ref }), signal);
  return record(run, instance, { ...started, state });
}

async function record(
  run: Run,
  instance: Instance,
  started: StartedInstance & { state: Instance['state'] },
): Promise<Instance> {
  const change = {
    ref: started.ref,
    address: started.address,
    startedAt: started.startedAt,
    asleepSince: null,
    state: started.state,
  };
  await run.context.store.instances.update(run.lease, instance.id, change);
  return { ...instance, ...change };
}
