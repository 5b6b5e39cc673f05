/** The load proof's client and judge can fail: each planted fault is seen, and what is no fault is not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { proofApp } from './app.ts';
import { nowMs } from './clock.ts';
import { Collector } from './collector.ts';
import { Judge, type Verdict } from './judge.ts';
import type { Kind } from './record.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

let collector: Collector;
let dir: string;
let ports: Record<string, number>;
const apps: ChildProcess[] = [];
const proxies: Server[] = [];

/** The app of the proof, as a platform would run it. */
async function runApp(version: string): Promise<number> {
  const files = await proofApp({ version, collector: { host: '127.0.0.1', port: collector.port } });
  const file = join(dir, `${version}.js`);
  await writeFile(file, files['server.js'] ?? '');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const env = { PORT: String(port), INSTANCE_ID: `instance-${version}` };
  apps.push(spawn(process.execPath, [file], { env, stdio: ['ignore', 'inherit', 'inherit'] }));
  await until(`${version} answers`, async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  return port;
}

beforeAll(async () => {
  collector = await Collector.listen();
  dir = await mkdtemp(join(tmpdir(), 'teal-faults-'));
  ports = { v1: await runApp('v1'), v2: await runApp('v2') };
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, 'close');
  }
});
afterAll(async () => {
  for (const app of apps) {
    const gone = once(app, 'exit');
    app.kill('SIGKILL');
    await gone;
  }
  await collector.close();
  await rm(dir, { recursive: true, force: true });
});

/** Answers itself when it returns true; else the request goes to the app. */
type Fault = (incoming: IncomingMessage, response: ServerResponse, pass: () => void) => boolean;

interface Proxy {
  port: number;
  live: 'v1' | 'v2';
  /** Taken for one request, then forgotten. */
  fault: Fault | null;
}

/** A router that flips at once and does as it is told. */
async function startProxy(): Promise<Proxy> {
  const proxy: Proxy = { port: 0, live: 'v1', fault: null };
  const pass = (incoming: IncomingMessage, response: ServerResponse, port: number) => {
    const { method, url: path, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  };
  const server = createServer((incoming, response) => {
    const port = ports[proxy.live] ?? 0;
    const { fault } = proxy;
    // The client's requests only: those of the test come over other paths.
    proxy.fault = null;
    if (fault?.(incoming, response, () => pass(incoming, response, port)) !== true) pass(incoming, response, port);
  });
  server.on('upgrade', (incoming, socket, head) => {
    const member = connect(ports[proxy.live] ?? 0, '127.0.0.1');
    const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
    member.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    member.write(head);
    member.pipe(socket).pipe(member);
    member.on('error', () => socket.destroy());
    socket.on('error', () => member.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxies.push(server);
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}

interface Run {
  proxy: Proxy;
  judge: Judge;
  /** Waits for so many more whole answers. */
  more(count: number): Promise<unknown>;
  flip(version: 'v1' | 'v2', how?: { acknowledgeFirst: boolean }): Promise<void>;
  end(): Promise<Verdict>;
}

async function run(kinds: readonly Kind[], options: Partial<TrafficOptions> = {}): Promise<Run> {
  collector.taken.clear();
  const proxy = await startProxy();
  const judge = new Judge();
  judge.mark({ type: 'begin', at: nowMs(), version: 'v1' });
  const traffic = new Traffic(
    {
      address: { host: '127.0.0.1', port: proxy.port },
      host: 'app.test',
      kinds,
      connections: 2,
      ratePerSecond: 1_000,
      uploadBytes: 200_000,
      uploadMs: 50,
      eventsMs: 200,
      webSocketMs: 200,
      ...options,
    },
    (record) => judge.add(record),
  );
  const more = (count: number) => {
    const enough = judge.answered + count;
    return until(`${count} more answers`, () => judge.answered >= enough, 20_000);
  };
  return {
    proxy,
    judge,
    more,
    async flip(version, { acknowledgeFirst } = { acknowledgeFirst: false }) {
      judge.mark({ type: 'begin', at: nowMs(), version });
      if (!acknowledgeFirst) proxy.live = version;
      judge.mark({ type: 'acknowledged', at: nowMs(), version });
      if (acknowledgeFirst) await more(4);
      proxy.live = version;
    },
    async end() {
      await traffic.stop();
      return judge.verdict();
    },
  };
}

describe('load proof', () => {
  it('finds nothing where nothing is wrong, over flips, with every kind', async () => {
    const kinds: Kind[] = ['keep-alive', 'fresh', 'post', 'upload', 'slow', 'sse', 'websocket'];
    const beganAt = nowMs();
    const { more, flip, end } = await run(kinds);
    for (const version of ['v2', 'v1', 'v2'] as const) {
      await more(50);
      await flip(version);
    }
    await until('every kind has had its time', () => nowMs() > beganAt + 2_500);
    const verdict = await end();
    expect(verdict.samples).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, late: 0, flips: 3 });
    expect(Object.keys(verdict.byKind).sort()).toEqual([...kinds].sort());
    for (const figures of Object.values(verdict.byKind)) expect(figures.requests).toBeGreaterThan(0);
    expect(Object.keys(verdict.versions).sort()).toEqual(['v1', 'v2']);
    expect(verdict.quick.p99_ms_inside).toBeGreaterThan(0);
    expect(verdict.answeredIds.length).toBeGreaterThan(0);
    await until('all were told', () => collector.missing(verdict.answeredIds).length === 0);
  });

  const losses: [string, Kind, Fault][] = [
    ['a reset without an answer', 'keep-alive', (incoming) => !!incoming.socket.resetAndDestroy()],
    ['a close without an answer', 'post', (incoming) => !!incoming.socket.destroy()],
    ['an error status', 'fresh', (_incoming, response) => !!response.writeHead(503).end('no')],
    [
      'a stream that breaks off',
      'slow',
      (incoming, response) => !!response.writeHead(200).write('part 1\n', () => incoming.socket.destroy()),
    ],
    ['a stream that ends early', 'slow', (_incoming, response) => !!response.end('part 1\n')],
    ['a hash of something else', 'upload', (_incoming, response) => !!response.end('ok\n')],
    ['events with a gap', 'sse', (_incoming, response) => gap(response)],
  ];

  it.each(losses)('reports %s as lost, with all that is known of it', async (_name, kind, fault) => {
    const { proxy, more, end } = await run([kind], { uploadMs: 10 });
    await more(2);
    proxy.fault = fault;
    await until('the fault has happened', () => proxy.fault === null);
    await more(2);
    const verdict = await end();
    expect(verdict).toMatchObject({ lost: 1, late: 0 });
    expect(verdict.byKind[kind]).toMatchObject({ lost: 1 });
    expect(verdict.samples).toMatchObject([{ what: 'lost', record: { kind, failure: expect.any(String) } }]);
  });

  it('reports answers of the old version to requests begun after the acknowledgement as late', async () => {
    const { more, flip, end } = await run(['keep-alive']);
    await more(20);
    await flip('v2', { acknowledgeFirst: true });
    await more(20);
    const verdict = await end();
    expect(verdict.lost).toBe(0);
    expect(verdict.late).toBeGreaterThan(0);
    expect(verdict.samples[0]).toMatchObject({ what: 'late', record: { version: 'v1' } });
  });

  it('does not call an answer late that was under way when the flip was acknowledged', async () => {
    const { proxy, more, flip, end } = await run(['keep-alive'], { connections: 1 });
    await more(5);
    let go = () => {};
    proxy.fault = (_incoming, _response, pass) => {
      go = pass;
      return true;
    };
    await until('a request is held', () => proxy.fault === null);
    await flip('v2');
    go();
    await more(5);
    expect(await end()).toMatchObject({ lost: 0, late: 0 });
  });

  it('reports a POST that was delivered twice, although it was answered once', async () => {
    const { proxy, more, end } = await run(['post']);
    await more(5);
    let id = '';
    proxy.fault = (incoming, _response, pass) => {
      id = String(incoming.headers['x-id']);
      const [method, path, headers] = ['POST', '/', { 'x-id': id }] as const;
      const again = request({ host: '127.0.0.1', port: ports.v2, method, path, headers, agent: false });
      again.on('response', (answer) => answer.resume().once('end', pass));
      again.end('the same once more');
      return true;
    };
    await until('the fault has happened', () => proxy.fault === null);
    await more(5);
    expect(await end()).toMatchObject({ lost: 0 });
    await until('it was told twice', () => collector.duplicates().length > 0);
    expect(collector.duplicates()).toEqual([Number(id)]);
  });

  it('reports an answered POST that no app has taken', async () => {
    const { end, more } = await run(['post']);
    await more(5);
    const { answeredIds } = await end();
    await until('all others were told', () => collector.missing(answeredIds).length === 0);
    expect(collector.missing([...answeredIds, 999_999])).toEqual([999_999]);
  });

  it('reports a connection that nobody takes, and goes on', async () => {
    const { proxy, judge, end } = await run(['fresh'], { connections: 1 });
    const [server] = proxies;
    await until('it answers', () => judge.answered > 0);
    server?.close();
    server?.closeAllConnections();
    await until('it is closed', () => server?.listening === false);
    const { answered } = judge;
    await new Promise((resolve) => setTimeout(resolve, 120));
    server?.listen(proxy.port, '127.0.0.1');
    await until('it answers again', () => judge.answered > answered + 2);
    expect((await end()).lost).toBeGreaterThan(0);
  });
});

function gap(response: ServerResponse): boolean {
  response.writeHead(200, { 'x-version': 'v1' });
  const ids = [1, 3, 4, 5, 6, 7];
  const timer = setInterval(() => response.write(`id: ${ids.shift()}\ndata: version v1\n\n`), 50);
  response.once('close', () => clearInterval(timer));
  return true;
}
