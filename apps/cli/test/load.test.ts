import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Load } from '../src/demo/load.ts';
import { freePort } from '../src/demo/ports.ts';
import { lookAt, watchWhile } from '../src/demo/watch.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../../examples/hello-node/server.js');

/** Both versions of the example, and a proxy whose target is one variable. */
let folder: string;
let children: ChildProcess[];
let ports: Record<string, number>;
let target: string;
/** What happens to a request of the proxy beside being passed on. */
let trouble: (count: number) => 'pass' | 'refuse' | 'cut';
let proxy: Server;

async function startVersion(version: string): Promise<number> {
  const file = join(folder, `server-${version}.cjs`);
  await writeFile(file, (await readFile(EXAMPLE, 'utf8')).replace("'version 1'", `'version ${version}'`));
  const child = spawn(process.execPath, [file], { env: { PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) return Number(/port (\d+)/.exec(line)?.[1]);
  throw new Error('the example did not start');
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teal-cli-'));
  children = [];
  ports = { 1: await startVersion('1'), 2: await startVersion('2') };
  target = '1';
  trouble = () => 'pass';
  let count = 0;
  proxy = createServer((incoming, answer) => {
    count += 1;
    const what = trouble(count);
    if (what === 'refuse') return answer.writeHead(502).end();
    const { method, url, headers } = incoming;
    const outgoing = request({ port: ports[target], method, path: url, headers }, (inner) => {
      answer.writeHead(inner.statusCode ?? 500, inner.headers);
      if (what === 'cut') inner.once('data', (chunk) => answer.write(chunk.subarray(0, 9), () => answer.destroy()));
      else inner.pipe(answer);
    });
    incoming.pipe(outgoing);
    return undefined;
  });
  await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready));
});

afterEach(async () => {
  proxy.closeAllConnections();
  await new Promise((closed) => proxy.close(closed));
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

const door = () => ({ port: (proxy.address() as AddressInfo).port, host: 'hello.teal.localhost' });

test('counts every answer of both versions, and what the old one still ended after the flip', async () => {
  const load = new Load(door());
  await load.settledOn('1', 15_000);
  target = '2';
  await load.settledOn('2', 15_000);
  const report = await load.stop('2');
  expect(report.failures).toEqual([]);
  expect([...report.byVersion.keys()].sort()).toEqual(['1', '2']);
  const answers = [...report.byVersion.values()].reduce((sum, count) => sum + count, 0);
  expect(answers).toBe(report.requests);
  expect(report.acrossTheFlip).toBeGreaterThan(0);
  expect(report.clients).toBeGreaterThanOrEqual(8);
  expect(report.connections).toBe(report.clients);
});

test('sees each request that was refused or cut, and never asks again', async () => {
  const lost = new Map<number, 'refuse' | 'cut'>([
    [20, 'refuse'],
    [30, 'cut'],
    [40, 'refuse'],
  ]);
  trouble = (count) => lost.get(count) ?? 'pass';
  const load = new Load(door());
  await load.settledOn('1', 15_000);
  const report = await load.stop('1');
  const answers = report.byVersion.get('1') ?? 0;
  expect(report.failures).toHaveLength(3);
  expect(answers).toBe(report.requests - 3);
});

test('waits until the wanted version answers, and gives up soon after what should have brought it', async () => {
  const { sighting } = await watchWhile(door(), '2', async () => {
    expect((await lookAt(door())).home.version).toBe('1');
    target = '2';
  });
  expect(sighting?.home.version).toBe('2');
  expect((await watchWhile(door(), '3', async () => {})).sighting).toBeNull();
});

test('takes the wanted port where it is free, and another where it is not', async () => {
  const { port } = door();
  expect(await freePort(port)).not.toBe(port);
  const free = await freePort(0);
  expect(await freePort(free)).toBe(free);
  expect(await freePort(free, [free])).not.toBe(free);
});
