import { latencyBucket, type TrafficMinute } from '@teal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/conformance/router/fixture.ts';
import { type TrafficFacts, TrafficMeter } from '../src/trafficMeter.ts';

const at = new Date('2026-11-01T12:00:30.000Z');
const facts: TrafficFacts = {
  at,
  appId: 'app_a',
  colour: 'blue',
  status: 200,
  bytesIn: 10,
  bytesOut: 100,
  durationMs: 7,
};
const meters: TrafficMeter[] = [];
const troubles: unknown[] = [];

function open(keptMs?: number): TrafficMeter {
  const meter = new TrafficMeter({ intervalMs: 5, keptMs, trouble: (error) => troubles.push(error) });
  meters.push(meter);
  return meter;
}

afterEach(() => {
  for (const meter of meters.splice(0)) meter.close();
  troubles.length = 0;
});

describe('TrafficMeter', () => {
  it('adds up per app, pool and minute of the end, and forgets what it has told', () => {
    const meter = open();
    meter.record(facts);
    meter.record({ ...facts, status: 404, durationMs: 29_999 });
    meter.record({ ...facts, durationMs: 30_000 });
    meter.record({ ...facts, colour: null, status: 503 });
    meter.record({ ...facts, appId: 'app_b', status: 101, durationMs: 0 });
    const taken = meter.take();
    expect(
      taken.map(({ appId, colour, minute }) => `${appId} ${colour} ${minute.toISOString().slice(11, 16)}`),
    ).toEqual(['app_a blue 12:00', 'app_a null 12:00', 'app_b blue 12:00', 'app_a blue 12:01']);
    expect(taken[0]).toMatchObject({ bytesIn: 20, bytesOut: 200, statuses: { '2xx': 1, '4xx': 1, '5xx': 0 } });
    expect(taken[0]?.latency[latencyBucket(7)]).toBe(1);
    expect(taken[0]?.latency[latencyBucket(29_999)]).toBe(1);
    expect(taken[2]?.latency.every((count) => count === 0)).toBe(true);
    expect(meter.take()).toEqual([]);
  });

  it('drops what nobody asked for in a day', () => {
    const meter = open();
    meter.record(facts);
    meter.record({ ...facts, at: new Date(at.getTime() + 23 * 3_600_000) });
    meter.record({ ...facts, at: new Date(at.getTime() + 25 * 3_600_000) });
    expect(meter.take().map(({ minute }) => minute.toISOString().slice(5, 16))).toEqual(['11-02T11:00', '11-02T13:00']);
  });

  it('tells every listener, the later ones too, and survives one that throws', async () => {
    const meter = open();
    const { signal } = new AbortController();
    const heard: TrafficMinute[] = [];
    meter.record(facts);
    meter.watch(() => {
      throw new Error('cannot');
    }, signal);
    meter.watch((minutes) => heard.push(...minutes), signal);
    await until('it is told', () => heard.length === 1);
    expect(troubles.length).toBe(1);
    meter.record(facts);
    await until('the next is told', () => heard.length === 2);
  });

  it('tells the rest when it closes, and nothing to one who has left', () => {
    const meter = open();
    const left: TrafficMinute[] = [];
    const stayed: TrafficMinute[] = [];
    const leave = new AbortController();
    meter.watch((minutes) => left.push(...minutes), leave.signal);
    meter.watch((minutes) => stayed.push(...minutes), new AbortController().signal);
    leave.abort();
    meter.record(facts);
    meter.close();
    expect(left).toEqual([]);
    expect(stayed.length).toBe(1);
  });
});
