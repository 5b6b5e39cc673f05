import { addTraffic, NO_TRAFFIC, requestsOf, type TrafficFigures, type TrafficMinute } from '@teal/core';
import { openStore } from '@teal/store';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { openFixture } from '../../../test/conformance/store/fixture.ts';
import { until } from '../../../test/conformance/until.ts';
import { firstRun } from '../../store/test/accounts.ts';
import { type Clock, createTrafficRecorder, type Store, type TrafficBatch } from '../src/index.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

const NOW = new Date('2026-11-21T12:30:00.000Z');
const MINUTE_MS = 60_000;
/** Waits for nothing: what is tried again is tried at once. */
const clock: Clock = {
  now: () => NOW,
  monotonicMs: () => 0,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
  timeout: AbortSignal.timeout,
};

type Trouble = 'before' | 'after' | null;

/** A recorder on a real store whose calls fail as told, before their effect or with the reply lost. */
async function open({ maxWaiting }: { maxWaiting?: number } = {}) {
  const store = await openStore(await postgres.migrated());
  onTestFinished(() => store.close());
  const { first } = await firstRun(store, 'member@example.test');
  const { app } = await openFixture(async () => ({ store, organisationId: first.organisationId }));
  const house = { trouble: null as Trouble, failures: 0, warnings: [] as string[] };
  const fail = (when: Trouble) => {
    if (house.trouble !== when) return;
    house.failures += 1;
    throw new Error(`the database is away (${when})`);
  };
  const traffic: Store['traffic'] = {
    ...store.traffic,
    async add(batch: TrafficBatch) {
      fail('before');
      await store.traffic.add(batch);
      fail('after');
    },
  };
  const warn = (_facts: object, text: string) => void house.warnings.push(text);
  const recorder = createTrafficRecorder({
    store: { traffic },
    clock,
    log: { info: () => {}, warn, error: warn },
    writer: 'one',
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  });
  let tell: (minutes: readonly TrafficMinute[]) => void = () => {};
  let ended: AbortSignal | null = null;
  recorder.start({
    watchTraffic(listener, signal) {
      tell = listener;
      ended = signal;
    },
  });
  const stored = async () => {
    const minutes = await store.traffic.read(app.id, { from: new Date(0), to: new Date(NOW.getTime() + MINUTE_MS) });
    const sum = minutes.reduce<TrafficFigures>(addTraffic, NO_TRAFFIC);
    return { minutes, requests: requestsOf(sum) };
  };
  return {
    ...Object.assign(house, { recorder, stored }),
    house,
    tell: (...minutes: TrafficMinute[]) => tell(minutes),
    hasEnded: () => ended?.aborted,
    /** `count` answers so long ago. */
    given: (count: number, minutesAgo = 0): TrafficMinute => ({
      ...NO_TRAFFIC,
      appId: app.id,
      colour: 'blue',
      minute: new Date(NOW.getTime() - minutesAgo * MINUTE_MS),
      statuses: { ...NO_TRAFFIC.statuses, '2xx': count },
    }),
  };
}

it.each(['before', 'after'] as const)('counts each figure once when the store fails %s its work', async (trouble) => {
  const { house, recorder, tell, given, stored } = await open();
  tell(given(1), given(2, 1));
  await until('the first are stored', async () => (await stored()).requests === 3);
  house.trouble = trouble;
  for (let i = 0; i < 10; i += 1) tell(given(1));
  await until('the store has failed a few times', () => house.failures >= 3);
  for (let i = 0; i < 10; i += 1) tell(given(1, 2));
  house.trouble = null;
  await until('all are stored', async () => (await stored()).requests >= 23);
  await recorder.close();
  const { minutes, requests } = await stored();
  expect(requests).toBe(23);
  expect(minutes.map(({ statuses }) => statuses['2xx'])).toEqual([10, 2, 11]);
});

it('adds what is told last before it closes, and ends the subscription', async () => {
  const { recorder, tell, given, stored, hasEnded } = await open();
  tell(given(4));
  await recorder.close();
  expect(hasEnded()).toBe(true);
  expect((await stored()).requests).toBe(4);
});

it('closes although the store takes nothing', async () => {
  const { house, recorder, tell, given, stored } = await open();
  house.trouble = 'before';
  tell(given(4));
  await until('the store has failed', () => house.failures > 0);
  await recorder.close();
  expect((await stored()).requests).toBe(0);
});

it('tells watchers every figure once, whatever the store does', async () => {
  const { house, recorder, tell, given } = await open();
  const seen: number[] = [];
  recorder.watch((minutes) => seen.push(...minutes.map(requestsOf)));
  house.trouble = 'before';
  tell(given(4), given(5, 1));
  await until('the store has failed', () => house.failures > 1);
  tell(given(6));
  await recorder.close();
  expect(seen).toEqual([4, 5, 6]);
});

it('merges older minutes into hours when too many wait, and drops only what is a day old or has no room', async () => {
  const { house, recorder, tell, given, stored } = await open({ maxWaiting: 30 });
  house.trouble = 'before';
  // The first is under way while the others gather.
  tell(given(1));
  tell(given(1, 25 * 60));
  for (let minutesAgo = 179; minutesAgo >= 0; minutesAgo -= 1) tell(given(1, minutesAgo));
  house.trouble = null;
  await recorder.close();
  const { minutes, requests } = await stored();
  expect(requests).toBe(181);
  expect(minutes.length).toBeLessThanOrEqual(31);
  expect(house.warnings.filter((text) => text.includes('dropped'))).toHaveLength(1);
});
