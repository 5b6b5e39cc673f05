/** Flips under load lose nothing. */
import { expect, it } from 'vitest';
import { startLoad } from '../../load/load.ts';
import { APP, HOST, houses, type MakeRouter, until } from './fixture.ts';

const FLIPS = 1_000;

export function loadCases(make: MakeRouter): void {
  const open = houses(make);

  it(`loses no request in ${FLIPS} flips, and delivers each once`, async () => {
    const house = await open();
    const one = await house.live('one', { slowMs: 500, keepAliveTimeoutMs: 100 });
    const two = await house.origin('two', { slowMs: 500, keepAliveTimeoutMs: 100 });
    await house.pool('green', two);
    const load = startLoad({
      address: house.address,
      host: HOST,
      keepAliveConnections: 12,
      kinds: ['get', 'post', 'slow-stream', 'upload', 'websocket', 'sse'],
      uploadBytes: 200_000,
      ratePerSecond: 1_500,
    });
    for (let i = 0; i < FLIPS; i += 1) {
      await house.flip(i % 2 === 0 ? 'green' : 'blue');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const report = await load.stop();
    expect(report.errors).toEqual([]);
    expect(report.failed).toBe(0);
    expect(report.requests).toBeGreaterThan(1_000);
    expect(Object.keys(report.versionsSeen).sort()).toEqual(['one', 'two']);
    await until('nothing is in flight', async () => {
      const { requests, webSockets } = await house.router.inFlight(['instance_one', 'instance_two']);
      return requests + webSockets === 0;
    });
    const deliveries = [...one.bodies.values(), ...two.bodies.values()];
    expect(Math.max(...deliveries)).toBe(1);
    expect(deliveries.length).toBe((report.byKind.post ?? 0) + (report.byKind.upload ?? 0));
  }, 60_000);

  it('loses no request while old members are drained, left out and stopped after each flip', async () => {
    const house = await open();
    let live = await house.live('v0', { slowMs: 150 });
    const load = startLoad({
      address: house.address,
      host: HOST,
      kinds: ['get', 'post', 'slow-stream', 'upload', 'websocket', 'sse'],
      keepAliveConnections: 12,
      uploadBytes: 200_000,
      ratePerSecond: 800,
    });
    const answers = (i: number) => until(`v${i} answers`, () => (load.counters.versionsSeen[`v${i}`] ?? 0) >= 20);
    const signal = new AbortController().signal;
    await answers(0);
    for (let i = 1; i <= 12; i += 1) {
      const [next, colour] = [await house.origin(`v${i}`, { slowMs: 150 }), i % 2 === 0 ? 'blue' : 'green'] as const;
      await house.pool(colour, next);
      await house.flip(colour);
      await answers(i);
      const old = [`instance_${live.version}`];
      const drained = await house.router.drained(old, { deadlineMs: 10_000, webSocketDeadlineMs: 10_000, signal });
      expect(drained).toBe(true);
      await house.pool(colour === 'blue' ? 'green' : 'blue');
      await live.close();
      live = next;
    }
    const report = await load.stop();
    expect(report.errors).toEqual([]);
    expect(report.failed).toBe(0);
    expect(Object.keys(report.versionsSeen).length).toBe(13);
    expect((await house.router.observe(APP))?.pools.green?.members).toEqual([]);
  }, 60_000);
}
