/** What every engine does that the port alone can tell: the real ones and the simulation's. */
import { randomUUID } from 'node:crypto';
import type { Engine, EngineEvent, InstanceSpec, StartedInstance } from '@teal/deployer';
import { describe, expect, it } from 'vitest';
import { until } from './until.ts';

const NEVER = new AbortController().signal;
const TEST_MS = 60_000;

export interface StartedSpec extends StartedInstance {
  spec: InstanceSpec;
}

export interface EnginePortSubject {
  engine(): Engine;
  /** Another engine object on the same platform, as after a restart of Teal. The caller closes it. */
  reopen(): Promise<Engine>;
  /** Builds an image for this app. */
  build(appId: string): Promise<string>;
  /** An instance of an image that is there for all cases, with an id of its own. */
  spec(): InstanceSpec;
  /** Starts one of those; it answers, and it is ended after the test. */
  start(): Promise<StartedSpec>;
  /** Makes an instance end by itself. */
  end(instance: StartedInstance, exitCode: number): Promise<unknown>;
  /** A command that says "begun" and goes on until it is ended. */
  endless: string;
  /** A command that says one line and ends. */
  brief: string;
  briefLine: string;
  /** Nothing that the endless one began runs any more. */
  nothingRuns(): Promise<void>;
}

/** To be called within an engine's own suite. */
export function enginePortConformance(subject: EnginePortSubject): void {
  describe('images', () => imageCases(subject));
  describe('instances', () => instanceCases(subject));
  describe('ends', () => endCases(subject));
  describe('single commands', () => commandCases(subject));
}

const gone = (spec: InstanceSpec): InstanceSpec => ({
  ...spec,
  imageRef: spec.imageRef.replace(/[0-9a-f]{8}$/, '00000000'),
});

async function seen(engine: Engine, { instanceId }: InstanceSpec) {
  return (await engine.list()).filter((one) => one.instanceId === instanceId);
}

function imageCases({ engine, spec, build }: EnginePortSubject): void {
  it('keeps the image it built and lists it', async () => {
    const { imageRef } = spec();
    expect(await engine().hasImage(imageRef)).toBe(true);
    expect(await engine().listImages()).toContain(imageRef);
  });

  it('removes an image, and again', { timeout: TEST_MS }, async () => {
    const { imageRef, appId } = spec();
    const ref = await build(appId);
    expect(await engine().hasImage(ref)).toBe(true);
    await engine().removeImage(ref);
    await engine().removeImage(ref);
    expect(await engine().hasImage(ref)).toBe(false);
    expect(await engine().listImages()).not.toContain(ref);
    expect(await engine().hasImage(imageRef)).toBe(true);
  });

  it('keeps nothing of an app that was removed', { timeout: TEST_MS }, async () => {
    const appId = `app_${randomUUID()}`;
    const imageRef = await build(appId);
    const { ref } = await engine().start({ ...spec(), appId, imageRef }, NEVER);
    expect(await engine().listApps()).toContain(appId);
    await engine().stop(ref, { graceMs: 0 });
    await engine().removeImage(imageRef);
    await engine().removeApp(appId);
    await engine().removeApp(appId);
    expect(await engine().listApps()).not.toContain(appId);
    expect((await engine().list()).some((one) => one.appId === appId)).toBe(false);
    expect(await engine().listImages()).not.toContain(imageRef);
  });
}

function instanceCases({ engine, spec, start, reopen }: EnginePortSubject): void {
  it('starts an instance once, however often it is asked', async () => {
    const first = await start();
    const again = await engine().start(first.spec, NEVER);
    expect(again.address).toEqual(first.address);
    expect(await seen(engine(), first.spec)).toMatchObject([{ ref: first.ref, status: 'running' }]);
  });

  it('gives two instances addresses of their own', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(first.address).not.toEqual(second.address);
  });

  it('starts an instance in what was prepared for it, and removes what nobody used', async () => {
    const one = spec();
    const [ref] = await Promise.all([engine().prepare(one), engine().prepare(one)]);
    const instance = await engine().start(one, NEVER);
    try {
      expect(instance.ref).toBe(ref);
      expect(await seen(engine(), one)).toMatchObject([{ ref, status: 'running', address: instance.address }]);
    } finally {
      await engine().stop(instance.ref, { graceMs: 0 });
    }
    const unused = spec();
    await engine().stop(await engine().prepare(unused), { graceMs: 0 });
    expect(await seen(engine(), unused)).toEqual([]);
  });

  it('refuses to start an image that is gone, or after its signal', async () => {
    const one = gone(spec());
    await expect(engine().start(one, NEVER)).rejects.toMatchObject({ code: 'image_gone' });
    const late = spec();
    await expect(engine().start(late, AbortSignal.abort(new Error('no more')))).rejects.toThrow();
    expect([...(await seen(engine(), one)), ...(await seen(engine(), late))]).toEqual([]);
  });

  it('is known to another Teal with all it does', { timeout: TEST_MS }, async () => {
    const { ref, address, spec: one } = await start();
    const later = await reopen();
    try {
      expect(await later.inspect(ref)).toMatchObject({ ...idsOf(one), ref, status: 'running', address });
      await later.sleep(ref);
      await later.sleep(ref);
      expect(await engine().inspect(ref)).toMatchObject({ status: 'frozen' });
      expect((await later.wake(ref)).ref).toBe(ref);
      expect((await later.wake(ref)).ref).toBe(ref);
      expect(await engine().inspect(ref)).toMatchObject({ status: 'running' });
      await later.stop(ref, { graceMs: 2_000 });
      expect(await engine().inspect(ref)).toBeNull();
    } finally {
      await later.close();
    }
  });

  it('cannot be woken when it is gone, and is gone for good', async () => {
    const { ref } = await start();
    await engine().stop(ref, { graceMs: 0 });
    await engine().stop(ref, { graceMs: 0 });
    await expect(engine().wake(ref)).rejects.toMatchObject({ code: 'start_failed' });
    await engine().setRestart(ref, true);
    expect(await engine().inspect(ref)).toBeNull();
  });

  it('is stopped while it sleeps', async () => {
    const { ref, spec: one } = await start();
    await engine().sleep(ref);
    await engine().stop(ref, { graceMs: 5_000 });
    expect(await seen(engine(), one)).toEqual([]);
  });
}

const idsOf = ({ instanceId, appId }: InstanceSpec) => ({ instanceId, appId });

function endCases({ engine, start, end }: EnginePortSubject): void {
  async function watching(run: (events: EngineEvent[]) => Promise<void>): Promise<void> {
    const events: EngineEvent[] = [];
    const stop = new AbortController();
    const watch = engine().watch((event) => events.push(event), stop.signal);
    await run(events).finally(() => stop.abort());
    await watch;
  }
  const told = (events: EngineEvent[], type: EngineEvent['type'], { instanceId }: InstanceSpec) =>
    until(`"${type}" is told`, () => events.find((one) => one.type === type && one.instanceId === instanceId));

  it('are told, and final', async () => {
    await watching(async (events) => {
      const instance = await start();
      await end(instance, 3);
      const { appId } = instance.spec;
      expect(await told(events, 'exited', instance.spec)).toMatchObject({ type: 'exited', appId, exitCode: 3 });
      expect(await engine().inspect(instance.ref)).toMatchObject({ status: 'exited' });
    });
  });

  it('are followed by a start while the restart is on, and that is told', { timeout: TEST_MS }, async () => {
    await watching(async (events) => {
      const instance = await start();
      await engine().setRestart(instance.ref, true);
      await end(instance, 1);
      await told(events, 'restarted', instance.spec);
      const again = await engine().inspect(instance.ref);
      expect(again).toMatchObject({ status: 'running' });
      await engine().setRestart(instance.ref, false);
      events.length = 0;
      await end({ ...instance, address: again?.address ?? instance.address }, 4);
      await told(events, 'exited', instance.spec);
      await until('it stays ended', async () => (await engine().inspect(instance.ref))?.status === 'exited');
    });
  });
}

function commandCases({ engine, spec, reopen, nothingRuns, ...commands }: EnginePortSubject): void {
  const { endless, brief, briefLine } = commands;
  async function begin(one: InstanceSpec, signal = NEVER) {
    const begun = Promise.withResolvers<void>();
    const running = engine().run(one, { command: endless, log: () => begun.resolve(), signal });
    running.catch(() => {});
    await begun.promise;
    return { exitCode: running.then((ended) => ended.exitCode) };
  }

  it('refuse an image that is gone', async () => {
    const one = gone(spec());
    const running = engine().run(one, { command: brief, log: () => {}, signal: NEVER });
    await expect(running).rejects.toMatchObject({ code: 'image_gone' });
    expect(await seen(engine(), one)).toEqual([]);
  });

  it('end with the reason of their signal, and leave nothing', async () => {
    const one = spec();
    const abort = new AbortController();
    const { exitCode } = await begin(one, abort.signal);
    abort.abort(new Error('no more'));
    await expect(exitCode).rejects.toThrow('no more');
    await nothingRuns();
    expect(await seen(engine(), one)).toEqual([]);
    const early = { command: brief, log: () => {}, signal: AbortSignal.abort(new Error('before')) };
    await expect(engine().run(one, early)).rejects.toThrow('before');
  });

  it('are listed while they run, and can be removed by another Teal', { timeout: TEST_MS }, async () => {
    const one = spec();
    const { exitCode } = await begin(one);
    const [listed] = await until('it is listed', async () => {
      const found = await seen(engine(), one);
      return found[0]?.status === 'running' && found;
    });
    expect(listed).toMatchObject(idsOf(one));
    const later = await reopen();
    try {
      await later.stop(listed?.ref ?? '', { graceMs: 0 });
      await nothingRuns();
      expect(await seen(later, one)).toEqual([]);
    } finally {
      await later.close();
    }
    expect(await exitCode).toBe(137);
  });

  it('end one of the same id first', { timeout: TEST_MS }, async () => {
    const one = spec();
    const first = await begin(one);
    const lines: string[] = [];
    const second = engine().run(one, { command: brief, log: (text) => lines.push(text), signal: NEVER });
    expect(await first.exitCode).toBe(137);
    await nothingRuns();
    expect([(await second).exitCode, lines]).toEqual([0, [briefLine]]);
    expect(await seen(engine(), one)).toEqual([]);
  });
}
