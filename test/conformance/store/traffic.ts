/** Traffic figures: added up, told apart by pool and minute, forgotten in time; and the counts of the metrics. */
import { randomUUID } from 'node:crypto';
import { type Colour, LATENCY_BOUNDS_MS, latencyBucket, statusClass, type TrafficMinute } from '@teal/core';
import { expect, it } from 'vitest';
import { type MakeStore, newId, openFixture } from './fixture.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const MINUTE_MS = 60_000;
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * MINUTE_MS);
const DAY = { from: ago(1_440), to: ago(-1) };

interface Given {
  colour?: Colour | null;
  minutesAgo?: number;
  status?: number;
  ms?: number;
  bytes?: number;
}

/** `count` requests that are all alike. */
function given(appId: string, count: number, { colour = 'blue', minutesAgo = 0, ...of }: Given = {}): TrafficMinute {
  const latency = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
  latency[latencyBucket(of.ms ?? 3)] = count;
  const statuses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, [statusClass(of.status ?? 200)]: count };
  const bytes = of.bytes ?? 10;
  return { appId, colour, minute: ago(minutesAgo), statuses, latency, bytesIn: bytes, bytesOut: bytes * 2 };
}

export function trafficCases(make: MakeStore): void {
  async function open() {
    const fixture = await openFixture(make);
    const { traffic } = fixture.store;
    let number = 0;
    const add = (...minutes: TrafficMinute[]) => {
      number += 1;
      return traffic.add({ writer: 'tester', number, minutes });
    };
    return { ...fixture, traffic, add, read: (appId = fixture.app.id) => traffic.read(appId, DAY) };
  }

  it('of one minute add up, batch by batch', async () => {
    const { app, add, read } = await open();
    await add(given(app.id, 3, { ms: 3 }));
    await add(given(app.id, 2, { ms: 40, status: 500, bytes: 7 }));
    const latency = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
    latency[latencyBucket(3)] = 3;
    latency[latencyBucket(40)] = 2;
    const statuses = { '1xx': 0, '2xx': 3, '3xx': 0, '4xx': 0, '5xx': 2 };
    expect(await read()).toEqual([
      { appId: app.id, colour: 'blue', minute: NOW, statuses, latency, bytesIn: 17, bytesOut: 34 },
    ]);
  });

  it('are told apart by app, pool and minute, oldest first', async () => {
    const { app, store, organisationId, add, read } = await open();
    const { settings } = app;
    const other = await store.apps.create({ id: newId('app'), organisationId, name: 'other', settings });
    await add(
      given(app.id, 1),
      given(app.id, 2, { colour: 'green' }),
      given(app.id, 3, { colour: null }),
      given(app.id, 4, { minutesAgo: 2 }),
      given(other.id, 5),
    );
    const counts = (await read()).map(({ colour, minute, statuses }) => [colour, minute, statuses['2xx']]);
    expect(counts[0]).toEqual(['blue', ago(2), 4]);
    expect(counts.slice(1)).toHaveLength(3);
    expect(counts).toEqual(
      expect.arrayContaining([
        ['blue', NOW, 1],
        ['green', NOW, 2],
        [null, NOW, 3],
      ]),
    );
    expect(await read(other.id)).toMatchObject([{ appId: other.id, statuses: { '2xx': 5 } }]);
  });

  it('are read from a minute on and before another', async () => {
    const { app, traffic, add } = await open();
    await add(...[0, 1, 2, 3].map((minutesAgo) => given(app.id, 1, { minutesAgo })));
    const found = await traffic.read(app.id, { from: ago(2), to: NOW });
    expect(found.map(({ minute }) => minute)).toEqual([ago(2), ago(1)]);
  });

  it('of one batch that is told twice count once, and those of another writer count too', async () => {
    const { app, traffic, read } = await open();
    const batch = { writer: 'one', number: 1, minutes: [given(app.id, 5)] };
    await traffic.add(batch);
    await Promise.all([traffic.add(batch), traffic.add({ ...batch, writer: 'two' })]);
    await traffic.add({ ...batch, number: 2 });
    expect((await read())[0]?.statuses['2xx']).toBe(15);
  });

  it('are all there when several write the same minutes at once', async () => {
    const { app, traffic, read } = await open();
    const minutes = Array.from({ length: 20 }, (_, minutesAgo) => given(app.id, 1, { minutesAgo }));
    const writers = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? minutes : [...minutes].reverse()));
    await Promise.all(writers.map((rows, index) => traffic.add({ writer: `w${index}`, number: 1, minutes: rows })));
    const found = await read();
    expect(found).toHaveLength(20);
    expect(found.every(({ statuses }) => statuses['2xx'] === 8)).toBe(true);
  });

  it('of an app that is gone are dropped, those beside it stay; and they go with their app', async () => {
    const { app, store, lease, add, read } = await open();
    await add(given(`app_${randomUUID()}`, 1), given(app.id, 2));
    expect(await read()).toMatchObject([{ statuses: { '2xx': 2 } }]);
    await store.apps.remove(lease);
    expect(await read()).toEqual([]);
    await add(given(app.id, 1));
    expect(await read()).toEqual([]);
  });

  it('are forgotten before a given minute', async () => {
    const { app, traffic, add, read } = await open();
    await add(given(app.id, 1, { minutesAgo: 90 }), given(app.id, 1, { minutesAgo: 60 }), given(app.id, 1));
    await traffic.purge(ago(60));
    expect((await read()).map(({ minute }) => minute)).toEqual([ago(60), NOW]);
  });

  it('hold more bytes in a minute than 32 bits do', async () => {
    const { app, add, read } = await open();
    await add(given(app.id, 1, { bytes: 3e12 }));
    await add(given(app.id, 1, { bytes: 3e12 }));
    expect(await read()).toMatchObject([{ bytesIn: 6e12, bytesOut: 12e12 }]);
  });

  it('stand beside counts of what there is', async () => {
    const { app, store, push, goLive } = await open();
    const before = await store.census.take();
    await goLive();
    await push('c');
    expect(await store.census.take()).toEqual({
      ...before,
      deployments: { queued: 1 },
      images: before.images + 1,
    });
    expect((await store.census.appNames()).get(app.id)).toBe(app.name);
  });
}
