import type { AccessEntryView } from '@teal/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, startFakeTeal } from './fake-teal.ts';
import { givenApp, runTeal } from './given.ts';

let teal: FakeTeal;
beforeEach(async () => {
  teal = await startFakeTeal();
});
afterEach(() => teal.close());

const APP = '/api/v1/apps/hello';
const ENTRY: AccessEntryView = {
  at: '2026-11-21T09:00:07.000Z',
  colour: 'green',
  instanceId: 'instance_3f2c1a9b-0000-4000-8000-000000000001',
  clientHost: '192.0.2.1',
  protocol: 'https',
  host: 'hello.example',
  method: 'POST',
  path: '/orders?id=1',
  status: 201,
  bytesIn: 120,
  bytesOut: 1_234,
  durationMs: 7.31,
};

test.each([
  [{ requests: 0, requestsPerMinute: 0, errorShare: null, p50Ms: null, p99Ms: null }, 'no requests (last 5 min)'],
  [
    { requests: 600, requestsPerMinute: 120.4, errorShare: 0.001, p50Ms: 5, p99Ms: 35 },
    '120 req/min · 0.1 % errors · p50 5 ms · p99 35 ms (last 5 min)',
  ],
  [
    { requests: 7, requestsPerMinute: 1.44, errorShare: 0.5, p50Ms: 2_500, p99Ms: 30_000 },
    '1.4 req/min · 50 % errors · p50 2.5 s · p99 ≥ 30 s (last 5 min)',
  ],
  [
    { requests: 9_000, requestsPerMinute: 1_999.6, errorShare: 0.0002, p50Ms: 1, p99Ms: 1 },
    '2000 req/min · < 0.1 % errors · p50 1 ms · p99 1 ms (last 5 min)',
  ],
])('status says what the last minutes brought: %j', async (figures, line) => {
  teal.on(`GET ${APP}`, () => givenApp({ traffic: { minutes: 5, ...figures } }));
  const { out } = await runTeal(teal, ['status', 'hello']);
  expect(out.split('\n')).toContain(`  traffic  ${line}`);
});

test('the access log is one line per request, or one JSON document', async () => {
  const entries = [ENTRY, { ...ENTRY, colour: null, instanceId: null, status: 503, bytesOut: 2_500_000 }];
  teal.on(`GET ${APP}/access-log`, () => ({ entries }));
  const { out } = await runTeal(teal, ['logs', 'hello', '--access', '-n', '7']);
  expect(teal.requests.at(-1)?.path).toBe(`${APP}/access-log?tail=7`);
  expect(out.replace(/^\d\d:\d\d:07/gm, '<time>')).toBe(
    '<time>  201  POST  hello.example/orders?id=1  7 ms  1.2 kB  green 3f2c1a9b\n' +
      '<time>  503  POST  hello.example/orders?id=1  7 ms  2.5 MB  router\n',
  );
  const json = await runTeal(teal, ['logs', 'hello', '--access', '--json']);
  expect(
    json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(entries);
});

test('a request cannot look like two lines or other columns', async () => {
  teal.on(`GET ${APP}/access-log`, () => ({ entries: [{ ...ENTRY, path: '/a\r\n09:00:08  200  GET  x\u001b[2J' }] }));
  const { out } = await runTeal(teal, ['logs', 'hello', '--access']);
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  expect(out).not.toContain('  GET  x');
});

test('the access log is of an app, not of a deployment', async () => {
  const { exit, err } = await runTeal(teal, ['logs', 'hello', '--access', '--deployment', 'x']);
  expect({ exit, err }).toEqual({ exit: 2, err: 'teal: choose one of --access and --deployment. [usage]\n' });
});
