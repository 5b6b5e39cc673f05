import { randomUUID } from 'node:crypto';
import { openStore, type PostgresStore } from '@teal/store';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { openFixture } from '../../../test/conformance/store/fixture.ts';
import { until } from '../../../test/conformance/until.ts';
import { firstRun } from '../../store/test/accounts.ts';
import { type Clock, type InstanceUsage, startUsageRecorder } from '../src/index.ts';

let postgres: PostgresUnderTest;
let store: PostgresStore;
let organisationId: string;
beforeAll(async () => {
  postgres = await startPostgres();
  store = await openStore(await postgres.migrated());
  organisationId = (await firstRun(store, 'member@example.test')).first.organisationId;
});
afterAll(async () => {
  await store?.close();
  await postgres?.close();
});

const MINUTE_MS = 60_000;
const EVERY_MS = 10_000;
const START = Date.parse('2026-11-21T12:30:05.000Z');
const MIB = 2 ** 20;

/** A recorder on a real store and an engine that answers as told. Time goes on when `look` says so. */
async function open() {
  const { app, lease, push, release } = await openFixture(async () => ({ store, organisationId }));
  const instanceId = `instance_${randomUUID()}`;
  const [deployment, { id: releaseId }] = [await push(), await release()];
  const instance = {
    id: instanceId,
    appId: app.id,
    releaseId,
    deploymentId: deployment.id,
    number: 2,
    colour: 'green',
  };
  await store.instances.create(lease, { ...instance, colour: 'green' });

  let nowMs = START;
  let answer: () => InstanceUsage[] = () => [];
  let goOn = () => {};
  let looks = 0;
  const warnings: string[] = [];
  const clock: Clock = {
    now: () => new Date(nowMs),
    monotonicMs: () => nowMs - START,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        looks += 1;
        goOn = resolve;
        signal?.addEventListener('abort', () => resolve());
      }),
    timeout: AbortSignal.timeout,
  };
  const recorder = startUsageRecorder({
    engine: { usage: async () => answer() },
    records: store.usage,
    clock,
    log: { info: () => {}, warn: (_facts, text) => void warnings.push(text), error: () => {} },
    everyMs: EVERY_MS,
  });
  onTestFinished(() => recorder.close());
  await until('the first look is over', () => looks > 0);
  const usage = (cpuSeconds: number, mib: number): InstanceUsage => ({
    instanceId,
    appId: app.id,
    cpuSeconds,
    memoryBytes: mib * MIB,
    memoryLimitBytes: 512 * MIB,
  });
  return {
    ...{ app, lease, recorder, warnings, instanceId, deployment, usage },
    /** The next look, ten seconds later unless told otherwise, finds this. */
    async look(found: InstanceUsage[] | Error, afterMs = EVERY_MS) {
      answer = () => {
        if (found instanceof Error) throw found;
        return found;
      };
      const before = looks;
      nowMs += afterMs;
      goOn();
      await until('the look is over', () => looks > before);
    },
    stored: () => store.usage.read(app.id, { from: new Date(0), to: new Date(START + 3_000 * MINUTE_MS) }),
  };
}

it('adds what lies between two looks to the minute, and keeps the most memory', async () => {
  const { look, usage, stored, recorder, instanceId, app, deployment } = await open();
  await look([usage(3, 40)]);
  expect(recorder.latest().get(instanceId)).toMatchObject({ cpuShare: null, memoryBytes: 40 * MIB });
  await look([usage(4, 60)]);
  await look([usage(6, 50)]);
  expect(recorder.latest().get(instanceId)).toMatchObject({ cpuShare: 0.2, memoryBytes: 50 * MIB });
  await look([usage(6.5, 50)], MINUTE_MS);
  const minute = (offset: number) => new Date(START - 5_000 + offset * MINUTE_MS);
  const of = { appId: app.id, instanceId, number: 2, colour: 'green', deploymentId: deployment.id };
  const limit = { memoryLimitBytes: 512 * MIB };
  expect(await stored()).toEqual([
    { ...of, ...limit, minute: minute(0), cpuMs: 3_000, measuredMs: 20_000, memoryBytes: 60 * MIB },
    { ...of, ...limit, minute: minute(1), cpuMs: 500, measuredMs: 60_000, memoryBytes: 50 * MIB },
  ]);
});

it('takes a time that began anew for unknown, not for a leap', async () => {
  const { look, usage, stored, recorder, instanceId } = await open();
  await look([usage(100, 40)]);
  await look([usage(0.5, 40)]);
  expect(recorder.latest().get(instanceId)?.cpuShare).toBeNull();
  expect(await stored()).toMatchObject([{ cpuMs: 0, measuredMs: 0 }]);
});

it('leaves a gap where the engine cannot tell, says so once, and goes on', async () => {
  const { look, usage, stored, warnings } = await open();
  await look([usage(1, 40)]);
  await look(new Error('the engine is away'));
  await look(new Error('the engine is away'));
  expect(warnings).toHaveLength(1);
  await look([usage(4, 40)]);
  // nothing is lost of what the processes counted themselves meanwhile
  expect(await stored()).toMatchObject([{ cpuMs: 3_000, measuredMs: 30_000 }]);
});

it('forgets what has ended and figures older than a day, and leaves out instances without a row', async () => {
  const { look, usage, stored, recorder } = await open();
  await look([usage(1, 40), { ...usage(1, 10), instanceId: `instance_${randomUUID()}` }]);
  expect(await stored()).toHaveLength(1);
  await look([], 25 * 60 * MINUTE_MS);
  expect(recorder.latest().size).toBe(0);
  expect(await stored()).toEqual([]);
});

it('tells who watches once what it found is stored', async () => {
  const { look, usage, recorder, stored } = await open();
  const told: Promise<number>[] = [];
  const unwatch = recorder.watch(() => told.push(stored().then((minutes) => minutes.length)));
  await look([]);
  await look([usage(1, 40)]);
  unwatch();
  await look([usage(2, 40)]);
  expect(await Promise.all(told)).toEqual([1]);
});

it('keeps nothing of an app that is deleted', async () => {
  const { look, usage, stored, lease } = await open();
  await look([usage(1, 40)]);
  expect(await stored()).toHaveLength(1);
  await store.apps.remove(lease);
  await look([usage(2, 40)]);
  expect(await stored()).toEqual([]);
});
