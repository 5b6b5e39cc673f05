/** The rules by which requests are judged. */
import { describe, expect, it } from 'vitest';
import { upperBound95 } from './bound.ts';
import { excuseOf } from './excuse.ts';
import { Judge } from './judge.ts';
import { Latencies } from './latencies.ts';
import type { RequestRecord } from './record.ts';
import { Timeline } from './timeline.ts';

function record(given: Partial<RequestRecord>): RequestRecord {
  return {
    kind: 'keep-alive',
    line: 1,
    id: null,
    startedAt: 0,
    openedAt: given.connectedAt ?? null,
    connectedAt: 0,
    reused: false,
    headAt: given.endedAt ?? null,
    endedAt: 0,
    status: 200,
    bodyBytes: 0,
    version: 'a',
    instance: 'one',
    failure: null,
    ...given,
  };
}

function failed(given: Partial<RequestRecord>): RequestRecord {
  return record({ status: null, headAt: null, version: null, instance: null, failure: 'reset', ...given });
}

describe('timeline', () => {
  const timeline = new Timeline();
  timeline.mark({ type: 'begin', at: 0, version: 'a' });
  timeline.mark({ type: 'begin', at: 1_000, version: 'b' });
  timeline.mark({ type: 'acknowledged', at: 1_050, version: 'b' });
  timeline.mark({ type: 'begin', at: 2_000, version: 'a' });
  timeline.mark({ type: 'acknowledged', at: 2_050, version: 'a' });

  it.each([
    ['a', 10, 20, true],
    ['b', 10, 999, false],
    ['b', 990, 1_000, true],
    ['a', 1_049, 1_500, true],
    ['a', 1_051, 1_500, false],
    ['a', 1_051, 2_001, true],
    ['b', 2_040, 2_041, true],
    ['b', 2_051, 9_000, false],
    ['c', 0, 9_000, false],
  ])('takes %s between %i and %i for right: %s', (version, from, to, right) => {
    expect(timeline.isRight(version, from, to)).toBe(right);
  });

  it.each([
    [900, 949, false],
    [900, 950, true],
    [1_150, 1_160, true],
    [1_151, 1_160, false],
    [0, 9_000, true],
    [2_200, 9_000, false],
  ])('takes %i to %i for inside a flip: %s', (from, to, inside) => {
    expect(timeline.isInsideFlip(from, to)).toBe(inside);
  });

  it('tells the phase and the last flip before a moment', () => {
    timeline.mark({ type: 'phase', at: 3_000, name: 'kills' });
    expect([timeline.phaseAt(2_999), timeline.phaseAt(3_000)]).toEqual(['start', 'kills']);
    expect([timeline.sinceFlipMs(1_049), timeline.sinceFlipMs(1_060)]).toEqual([null, 10]);
  });
});

describe('excuse', () => {
  const instance = { kind: 'instance', from: 100, to: 110, instance: 'one' } as const;
  const carrier = { kind: 'carrier', from: 100, to: 110 } as const;
  const closed = { kind: 'closed', from: 100, to: 500 } as const;
  const post = { kind: 'post', reused: true } as const;

  it.each([
    ['cut on the killed instance', failed({ startedAt: 90, endedAt: 120, status: 200, instance: 'one' }), true],
    ['cut on another instance', failed({ startedAt: 90, endedAt: 120, status: 200, instance: 'two' }), false],
    ['a 502 for one in flight', failed({ startedAt: 90, endedAt: 120, status: 502 }), true],
    ['a 503 for one in flight', failed({ startedAt: 90, endedAt: 120, status: 503 }), false],
    ['a 502 for one begun later', failed({ startedAt: 111, endedAt: 120, status: 502 }), false],
    ['one that had failed before', failed({ startedAt: 80, endedAt: 99, status: 502 }), false],
    ['a reset by the router', failed({ startedAt: 90, endedAt: 120 }), false],
    ['a POST closed upon on a kept connection', failed({ ...post, startedAt: 90, endedAt: 120 }), true],
    ['a POST closed upon that was begun later', failed({ ...post, startedAt: 111, endedAt: 120 }), false],
    ['a POST closed upon on a new connection', failed({ ...post, reused: false, startedAt: 90, endedAt: 120 }), false],
    ['a GET closed upon on a kept connection', failed({ reused: true, startedAt: 90, endedAt: 120 }), false],
  ])('at the death of an instance: %s', (_name, request, excused) => {
    expect(excuseOf(request, [instance])).toBe(excused ? 'in_flight_of_killed' : null);
  });

  it.each([
    ['cut on a connection of before', failed({ startedAt: 90, connectedAt: 50, endedAt: 120 }), true],
    ['cut on one seen to stand later', failed({ startedAt: 90, openedAt: 90, connectedAt: 150, endedAt: 160 }), true],
    ['a connection that was refused', failed({ startedAt: 90, openedAt: 90, connectedAt: null, endedAt: 120 }), false],
    ['cut on a connection of after', failed({ startedAt: 112, connectedAt: 112, endedAt: 120 }), false],
    ['an error page', failed({ startedAt: 90, connectedAt: 50, endedAt: 120, status: 503 }), false],
  ])('at the death of a router: %s', (_name, request, excused) => {
    expect(excuseOf(request, [carrier])).toBe(excused ? 'in_flight_of_killed_router' : null);
  });

  it.each([
    ['a connection that was refused', failed({ startedAt: 200, connectedAt: null, endedAt: 201 }), true],
    ['one under way at the stop', failed({ startedAt: 90, connectedAt: 50, endedAt: 120 }), false],
    ['an error page', failed({ startedAt: 400, connectedAt: 400, endedAt: 420, status: 503 }), false],
    ['one begun when all was ready', failed({ startedAt: 501, connectedAt: null, endedAt: 502 }), false],
  ])('while the router is down: %s', (_name, request, excused) => {
    expect(excuseOf(request, [closed])).toBe(excused ? 'while_router_down' : null);
  });
});

describe('judge', () => {
  it('judges an answer only once everything about its time has been told', () => {
    const judge = new Judge();
    judge.mark({ type: 'begin', at: 0, version: 'a' });
    judge.add(record({ startedAt: 1_010, endedAt: 1_020, version: 'b' }));
    judge.mark({ type: 'watermark', at: 1_000 });
    judge.mark({ type: 'begin', at: 1_005, version: 'b' });
    judge.mark({ type: 'watermark', at: 2_000 });
    expect(judge.verdict()).toMatchObject({ requests: 1, late: 0 });
  });

  it('counts what is excused apart from requests and losses', () => {
    const judge = new Judge();
    judge.mark({ type: 'begin', at: 0, version: 'a' });
    judge.mark({ type: 'outage', outage: { kind: 'closed', from: 100, to: 200 } });
    judge.add(record({ startedAt: 10, endedAt: 20 }));
    judge.add(failed({ startedAt: 150, connectedAt: null, endedAt: 151 }));
    judge.add(failed({ startedAt: 300, endedAt: 301 }));
    const verdict = judge.verdict();
    expect(verdict).toMatchObject({ requests: 2, lost: 1, late: 0, excused: { while_router_down: 1 } });
    expect(verdict.byKind['keep-alive']).toMatchObject({ requests: 2, lost: 1 });
  });

  it('keeps latencies inside and outside of flips apart', () => {
    const judge = new Judge();
    judge.mark({ type: 'begin', at: 0, version: 'a' });
    judge.add(record({ startedAt: 10, endedAt: 15 }));
    judge.mark({ type: 'acknowledged', at: 1_000, version: 'a' });
    judge.add(record({ startedAt: 990, endedAt: 1_040 }));
    expect(judge.verdict().quick).toEqual({
      p50_ms_inside: 50,
      p99_ms_inside: 50,
      p50_ms_outside: 5,
      p99_ms_outside: 5,
    });
  });
});

describe('statistics', () => {
  it('bounds a rate from above', () => {
    expect(upperBound95(0, 1_000_000) * 1_000_000).toBeCloseTo(3, 2);
    expect(upperBound95(1, 1_000) * 1_000).toBeCloseTo(4.744, 2);
    expect(upperBound95(0, 0)).toBe(1);
  });

  it('finds quantiles of more values than it began with', () => {
    const latencies = new Latencies();
    for (let i = 5_000; i >= 1; i -= 1) latencies.add(i);
    expect([latencies.quantile(0.5), latencies.quantile(0.99), latencies.count]).toEqual([2_500, 4_950, 5_000]);
    expect(new Latencies().quantile(0.5)).toBeNull();
  });
});
