import { type Colour, LATENCY_BOUNDS_MS, NO_TRAFFIC, type TrafficMinute } from '@teal/core';
import { expect, it } from 'vitest';
import { AppSeries } from '../src/metrics/appSeries.ts';

const bounds = [...LATENCY_BOUNDS_MS.map((ms) => String(ms / 1_000)), '+Inf'];

function minute(appId: string, colour: Colour | null, change: Partial<TrafficMinute> = {}): TrafficMinute {
  return { appId, colour, minute: new Date(0), ...NO_TRAFFIC, ...change };
}

function linesOf(series: AppSeries, names: Record<string, string>): string[] {
  const pieces = [...series.render(new Map(Object.entries(names)))];
  return Buffer.concat(pieces)
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

it('writes every count of an app, whatever its number of digits', () => {
  const series = new AppSeries();
  const latency = NO_TRAFFIC.latency.map((_, bucket) => 10 ** (bucket % 12));
  const statuses = { ...NO_TRAFFIC.statuses, '2xx': 9_999_999_999, '4xx': 10 };
  series.addTraffic([minute('app_a', 'blue', { latency, statuses, bytesIn: 0, bytesOut: 2 ** 31 })]);
  series.addTraffic([minute('app_a', null, { statuses: { ...NO_TRAFFIC.statuses, '5xx': 7 } })]);
  series.addDeployment('app_a', { trigger: 'push', outcome: 'live' });
  let count = 0;
  const buckets = bounds.map((bound, bucket) => {
    count += latency[bucket] ?? 0;
    return `teal_request_duration_seconds_bucket{app="a",colour="blue",le="${bound}"} ${count}`;
  });
  expect(linesOf(series, { app_a: 'a' })).toEqual([
    'teal_requests_total{app="a",colour="blue",status="2xx"} 9999999999',
    'teal_requests_total{app="a",colour="blue",status="4xx"} 10',
    'teal_requests_total{app="a",colour="router",status="5xx"} 7',
    ...buckets,
    `teal_request_duration_seconds_count{app="a",colour="blue"} ${count}`,
    ...bounds.map((bound) => `teal_request_duration_seconds_bucket{app="a",colour="router",le="${bound}"} 0`),
    'teal_request_duration_seconds_count{app="a",colour="router"} 0',
    'teal_request_bytes_total{app="a",colour="blue"} 0',
    'teal_request_bytes_total{app="a",colour="router"} 0',
    'teal_response_bytes_total{app="a",colour="blue"} 2147483648',
    'teal_response_bytes_total{app="a",colour="router"} 0',
    'teal_deployments_total{app="a",trigger="push",outcome="live"} 1',
  ]);
});

it('tells of all apps in pieces of a bounded size, and of none without a name', () => {
  const series = new AppSeries();
  const names = Object.fromEntries(Array.from({ length: 500 }, (_, nth) => [`app_${nth}`, `name-${nth}`]));
  series.addTraffic([...Object.keys(names), 'app_unknown'].map((appId) => minute(appId, 'green', { bytesIn: 5 })));
  const pieces = [...series.render(new Map(Object.entries(names)))];
  expect(pieces.length).toBeGreaterThan(5);
  for (const piece of pieces) expect(piece.length).toBeLessThan(320 * 1024);
  const lines = linesOf(series, names);
  for (const [nth, name] of Object.values(names).entries()) {
    expect(lines).toContain(`teal_request_bytes_total{app="${name}",colour="green"} ${5}`);
    expect(lines[nth * (bounds.length + 1)]).toContain(`app="${name}"`);
  }
  expect(lines.length).toBe(500 * (bounds.length + 3));
});
