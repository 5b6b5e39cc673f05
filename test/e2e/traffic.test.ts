/** Requests of known outcomes add up exactly in the API, the command and the metrics, over a restart of the platform too. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { AccessEntryView, TrafficView, UsageView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../apps/cli/src/program.ts';
import { until } from '../conformance/until.ts';
import { ROUTERS } from './engines.ts';
import { ROOT_DIR, TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

const SERVER = `
const http = require('node:http');
http.createServer((request, response) => {
  request.resume();
  response.statusCode = Number(/^\\/status\\/(\\d+)/.exec(request.url)?.[1] ?? 200);
  response.end('12345');
}).listen(process.env.PORT);
`;

const NONE = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
/** What the 50 requests are answered with. */
const ASKED = { 200: 30, 201: 5, 302: 4, 404: 8, 503: 3 };
const SUM = { '1xx': 0, '2xx': 35, '3xx': 4, '4xx': 8, '5xx': 3 };

describe.each(ROUTERS)('traffic figures of the %s router', (router) => {
  let platform: TestPlatform;
  let repository: Repository;
  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process', router, timing: { usageEveryMs: 200 } });
    await platform.createApp('counted');
    repository = await Repository.create(platform.gitUrl('counted'));
    await repository.commit('first', { ...appSource({ version: 'v1' }), 'server.js': SERVER });
    await repository.push();
    await platform.reached('counted', ['live']);
  });
  afterAll(async () => {
    await platform?.destroy();
    await repository?.remove();
  });

  async function figures(query = ''): Promise<TrafficView> {
    return (await platform.call<TrafficView>('GET', `/apps/counted/traffic${query}`)).body;
  }

  async function metrics(token = platform.token): Promise<{ status: number; text: string }> {
    const response = await fetch(`${platform.consoleUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, text: await response.text() };
  }

  /** Value of the one sample whose name and labels these are; NaN without. */
  async function sample(line: string): Promise<number> {
    const found = (await metrics()).text.split('\n').find((text) => text.startsWith(`${line} `));
    return Number(found?.slice(line.length + 1) ?? Number.NaN);
  }

  const output = { out: '', err: '' };
  /** Runs the command as a user does, until it ends or `signal` aborts. */
  async function teal(line: string, signal = new AbortController().signal, onOut?: (text: string) => void) {
    const ran = { ...output };
    await run(line.split(' '), {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', TEAL_URL: platform.consoleUrl, TEAL_TOKEN: platform.token },
      cwd: '/',
      stdin: Readable.from(['']),
      stdout: {
        write(text: string) {
          ran.out += text;
          onOut?.(ran.out);
        },
      },
      stderr: { write: (text: string) => (ran.err += text) },
      signal,
    });
    return ran;
  }

  it('are zeros, one point per step, before anybody asked', async () => {
    const view = await figures('?minutes=30&step=5');
    expect(view.series.total).toHaveLength(6);
    expect(view.series.blue).toHaveLength(6);
    expect(view.totals.total).toEqual({
      requests: 0,
      statuses: NONE,
      p50Ms: null,
      p90Ms: null,
      p99Ms: null,
      bytesIn: 0,
      bytesOut: 0,
    });
    expect((await platform.app('counted')).traffic).toMatchObject({ requests: 0, errorShare: null });
    expect((await teal('status counted')).out).toContain('traffic  no requests (last 5 min)');
  });

  it('have what the instances use beside them', async () => {
    const instance = await until('it has been looked at twice', async () => {
      const seen = (await platform.app('counted')).pools.blue?.instances[0];
      return seen?.usage?.cpuShare != null && seen;
    });
    expect(instance.usage).toMatchObject({ memoryBytes: expect.any(Number), memoryLimitBytes: null });
    expect(instance.usage?.memoryBytes).toBeGreaterThan(10 * 2 ** 20);
    expect((await teal('status counted')).out).toMatch(/ % of a core, \d+ MiB\n/);
    const { body } = await platform.call<UsageView>('GET', '/apps/counted/usage?minutes=30');
    expect(body.instances).toMatchObject([{ instanceId: instance.id, number: 0, colour: 'blue' }]);
    expect(body.instances[0]?.points.at(-1)?.memoryBytes).toBeGreaterThan(10 * 2 ** 20);
    const labels = `{app="counted",instance_id="${instance.id}"}`;
    expect(await sample(`teal_instance_memory_bytes${labels}`)).toBeGreaterThan(10 * 2 ** 20);
    expect(await sample(`teal_instance_cpu_seconds_total${labels}`)).toBeGreaterThan(0);
  });

  it('add up to what was asked, in the API, the command and the metrics', async () => {
    for (const [status, count] of Object.entries(ASKED)) {
      for (let i = 0; i < count; i += 1) await platform.get('counted', `/status/${status}?i=${i}`);
    }
    const view = await until('all requests are counted', async () => {
      const found = await figures();
      return found.totals.total.requests >= 50 && found;
    });
    expect(view.totals.blue).toMatchObject({ requests: 50, statuses: SUM });
    expect(view.totals.total).toEqual(view.totals.blue);
    expect(view.totals.green.requests + view.totals.router.requests).toBe(0);
    expect(view.totals.blue.bytesOut).toBeGreaterThanOrEqual(50 * 5);
    expect(view.totals.blue.p50Ms).toBeLessThanOrEqual(view.totals.blue.p99Ms ?? 0);
    expect(view.series.blue).toHaveLength(60);
    expect(view.series.blue.reduce((sum, point) => sum + point.requests, 0)).toBe(50);

    const { traffic } = await platform.app('counted');
    expect(traffic).toMatchObject({ minutes: 5, requests: 50, errorShare: 3 / 50 });
    expect((await teal('status counted')).out).toMatch(
      /\n {2}traffic {2}\d+ req\/min · 6\.0 % errors · p50 \d+ ms · p99 \d+ ms \(last 5 min\)\n/,
    );

    for (const [name, count] of Object.entries(SUM)) {
      const labels = `teal_requests_total{app="counted",colour="blue",status="${name}"}`;
      if (count > 0) expect(await sample(labels)).toBe(count);
      else expect(await sample(labels)).toBeNaN();
    }
    const histogram = 'teal_request_duration_seconds';
    expect(await sample(`${histogram}_count{app="counted",colour="blue"}`)).toBe(50);
    expect(await sample(`${histogram}_bucket{app="counted",colour="blue",le="+Inf"}`)).toBe(50);
    expect(await sample('teal_response_bytes_total{app="counted",colour="blue"}')).toBe(view.totals.blue.bytesOut);
  });

  it('of deployments, builds, instances and the queue are in the metrics', async () => {
    const deployed = 'teal_deployments_total{app="counted",trigger="push",outcome="live"}';
    await until('the deployment is counted', async () => (await sample(deployed)) === 1);
    expect(await sample('teal_builds_total{outcome="done"}')).toBe(1);
    expect(await sample('teal_build_duration_seconds_count')).toBe(1);
    expect(await sample('teal_deployment_duration_seconds_count{phase="total"}')).toBe(1);
    expect(await sample('teal_deployment_duration_seconds_count{phase="probing"}')).toBe(1);
    expect(await sample('teal_instances{state="running"}')).toBe(1);
    expect(await sample('teal_images')).toBe(1);
    expect(await sample('teal_deployments_running')).toBe(0);
    expect(await sample('teal_queue_jobs{queue="apps",state="active"}')).toBeGreaterThanOrEqual(0);
    const { version, engine, router } = (await platform.call<{ platform: Record<string, string> }>('GET', '/me')).body
      .platform;
    expect(await sample(`teal_info{version="${version}",engine="${engine}",router="${router}"}`)).toBe(1);
  });

  it('have every metric described in docs/metrics.md, and that page none that is not there', async () => {
    const { text } = await metrics();
    const served = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    const page = await readFile(join(ROOT_DIR, 'docs/metrics.md'), 'utf8');
    const described = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(new Set(served).size).toBe(served.length);
    expect([...described].sort()).toEqual([...served].sort());
  });

  it('list the requests, and show a new one to who follows', async () => {
    const { body } = await platform.call<{ entries: AccessEntryView[] }>('GET', '/apps/counted/access-log?tail=3');
    expect(body.entries).toHaveLength(3);
    expect(body.entries.at(-1)).toMatchObject({ method: 'GET', path: '/status/503?i=2', status: 503, colour: 'blue' });

    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    let shown = '';
    const following = teal('logs counted --access -f -n 1', stop.signal, (out) => {
      shown = out;
    });
    await until('the last request is shown', () => shown.includes('/status/503?i=2'));
    await platform.get('counted', '/status/418?followed');
    await until('the new request is shown', () => shown.includes('/status/418?followed'), 1_000);
    stop.abort();
    await following;
    const lines = shown.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(
      /^\d\d:\d\d:\d\d {2}418 {2}GET {3}counted\.teal\.localhost\/status\/418\?followed {2}\d+ ms {2}\d+ B {2}blue \w{8}$/,
    );
    const asJson = (await teal('logs counted --access -n 2 --json')).out.trimEnd().split('\n');
    expect(asJson.map((line) => (JSON.parse(line) as AccessEntryView).status)).toEqual([503, 418]);
  });

  it('are for those who may see the app', async () => {
    for (const path of ['traffic', 'access-log', 'access-log/events']) {
      const address = `/apps/counted/${path}`;
      expect((await platform.call('GET', address, undefined, { authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await platform.call('GET', `/apps/another/${path}`)).status).toBe(404);
    }
    expect((await metrics('wrong')).status).toBe(401);
    expect((await fetch(`${platform.consoleUrl}/metrics`)).status).toBe(401);
    for (const query of ['minutes=0', 'minutes=1441', 'step=0', 'step=x', 'other=1'])
      expect((await platform.call('GET', `/apps/counted/traffic?${query}`)).status).toBe(422);
    expect((await platform.call('GET', '/apps/counted/access-log?tail=-1')).status).toBe(422);
  });

  it('survive a restart of the platform, the last ones before it too', async () => {
    for (let i = 0; i < 5; i += 1) await platform.get('counted', '/status/200?last');
    await platform.restart();
    // HAProxy's supervisor keeps what nobody took, and tells the next Teal within its interval.
    await until('the last ones are counted', async () => (await figures()).totals.blue.requests >= 56);
    expect((await figures()).totals.blue).toMatchObject({ requests: 56, statuses: { ...SUM, '2xx': 40, '4xx': 9 } });
    const { body } = await platform.call<{ entries: AccessEntryView[] }>('GET', '/apps/counted/access-log?tail=1');
    expect(body.entries.map(({ path }) => path)).toEqual(['/status/200?last']);
    await platform.get('counted', '/status/200');
    await until('the new life counts on', async () => (await figures()).totals.blue.requests === 57);
    // The counters began again with the process: Prometheus takes that for a reset.
    const counted = await sample('teal_requests_total{app="counted",colour="blue",status="2xx"}');
    expect(counted).toBeGreaterThanOrEqual(1);
    expect(counted).toBeLessThanOrEqual(router === 'haproxy' ? 6 : 1);
  });

  it('go with their app', async () => {
    const { id } = await platform.app('counted');
    await platform.call('DELETE', '/apps/counted');
    expect((await platform.call('GET', `/apps/${id}/traffic`)).status).toBe(404);
    await until('its series are gone', async () => !(await metrics()).text.includes('app="counted"'));
  });
});
