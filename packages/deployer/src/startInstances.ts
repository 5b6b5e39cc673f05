/** Step 2 of a deployment: a release's instances, woken where they sleep, started where they are not. Routes nothing. */
import { type Image, type Instance, type Release, TealError } from '@teal/core';
import { specOf } from './instanceSpec.ts';
import type { StartedInstance } from './ports/engine.ts';
import { type Run, RunFailure, throwIfStopped } from './run.ts';

export type StartResult = { kept: 'yes'; green: Instance[] } | { kept: 'image-gone' };

/** Returns the instances that are to pass the gate; throws RunFailure or StopRun. */
export async function startInstances(run: Run, release: Release): Promise<StartResult> {
  const { store } = run.context;
  const [instances, image] = await Promise.all([store.instances.list(run.app.id), store.images.get(release.imageId)]);
  const present = instances.filter((instance) => instance.releaseId === release.id);
  const own = present.filter((instance) => instance.deploymentId === run.deployment.id);
  const earlier = present.filter((instance) => instance.deploymentId !== run.deployment.id);
  const adopted = (await Promise.all(earlier.map((instance) => adopt(run, instance)))).filter(
    (green) => green !== null,
  );
  try {
    const missing = Math.max(0, release.settings.scale - adopted.length - own.length);
    const numbers = freeNumbers([...adopted, ...own], missing);
    const fresh = await Promise.all(numbers.map((number) => createRow(run, release, number)));
    const started = await Promise.all(
      [...own, ...fresh].map((instance) => startOne(run, { release, instance, image })),
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

function createRow(run: Run, release: Release, number: number): Promise<Instance> {
  return run.context.store.instances.create(run.lease, {
    id: run.context.ids.newId('instance'),
    appId: run.app.id,
    releaseId: release.id,
    deploymentId: run.deployment.id,
    number,
    colour: run.deployment.colour ?? 'blue',
  });
}

/** Takes over an instance of the release that still exists; null when it turned out to be dead. */
async function adopt(run: Run, instance: Instance): Promise<Instance | null> {
  const { engine, store } = run.context;
  const wasAsleep = instance.state === 'asleep';
  try {
    if (instance.ref === null) throw new TealError('start_failed', { detail: 'it never started' });
    const woken = await engine.wake(instance.ref);
    const awake = await record(run, instance, woken);
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

async function startOne(
  run: Run,
  { release, instance, image }: { release: Release; instance: Instance; image: Image | null },
): Promise<Instance> {
  const { engine, settings } = run.context;
  if (image === null) throw new TealError('image_gone');
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(settings.timing.startDeadlineMs)]);
  const started = await engine.start(specOf(run, { release, instance, imageRef: image.ref }), signal);
  return record(run, instance, started);
}

async function record(run: Run, instance: Instance, started: StartedInstance): Promise<Instance> {
  const change = {
    ref: started.ref,
    address: started.address,
    startedAt: started.startedAt,
    asleepSince: null,
    state: 'running',
  } as const;
  await run.context.store.instances.update(run.lease, instance.id, change);
  return { ...instance, ...change };
}
