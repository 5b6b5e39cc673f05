/** A Docker daemon that takes every connection and never answers: each call ends by itself, saying who did not answer. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryReservations } from '../../../test/conformance/reservations.ts';
import { createNaming } from '../src/docker/naming.ts';
import { createDockerEngine } from '../src/index.ts';

const sockets: Socket[] = [];
let folder: string;
const mute = createServer((socket) => void sockets.push(socket.on('error', () => {})));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teal-mute-'));
  mute.listen(join(folder, 'docker.sock'));
  await once(mute, 'listening');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  mute.close();
  await rm(folder, { recursive: true, force: true });
});

const SPEC = {
  appId: 'app_1',
  appName: 'one',
  releaseId: 'release_1',
  imageRef: 'teal/one:1',
  colour: 'blue' as const,
  environment: {},
  memoryMib: 64,
  cpus: 1,
  maxProcesses: 64,
};

describe('a Docker daemon that never answers', () => {
  const platformId = `platform_${randomUUID()}`;
  const engine = () =>
    createDockerEngine({
      platformId,
      socketPath: join(folder, 'docker.sock'),
      dataDir: folder,
      reservations: memoryReservations(),
      subnets: ['10.231.0.0/16'],
      buildArgNames: [],
      buildDeadlineMs: 60_000,
      runtime: null,
      bases: { caFile: null, from: 'auto', edition: 1, npm: 'npm' },
    });

  it('ends every call within its deadline, by name', async () => {
    const ref = createNaming(platformId).instanceRef(`instance_${randomUUID()}`);
    const docker = engine();
    const signal = new AbortController().signal;
    const spec = { ...SPEC, instanceId: `instance_${randomUUID()}` };
    const once = { command: 'true', log: () => {}, signal };
    const lines = async () => {
      for await (const _ of docker.logs(ref, { tailLines: 1, follow: false })) break;
    };
    const calls = {
      list: () => docker.list(),
      listImages: () => docker.listImages(),
      listApps: () => docker.listApps(),
      hasImage: () => docker.hasImage('teal/one:1'),
      removeImage: () => docker.removeImage('teal/one:1'),
      start: () => docker.start(spec, signal),
      run: () => docker.run(spec, once),
      setRestart: () => docker.setRestart(ref, true),
      sleep: () => docker.sleep(ref),
      wake: () => docker.wake(ref),
      stop: () => docker.stop(ref, { graceMs: 1_000 }),
      inspect: () => docker.inspect(ref),
      listeners: () => docker.listeners(ref),
      logs: lines,
      removeApp: () => docker.removeApp('app_1'),
    };
    // AbortSignal.timeout cannot be faked by vitest's clock: the deadlines themselves are made short.
    const real = AbortSignal.timeout.bind(AbortSignal);
    const short = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => real(Math.min(ms, 150)));
    try {
      const names = Object.keys(calls) as (keyof typeof calls)[];
      const outcomes = await Promise.allSettled(names.map((name) => calls[name]()));
      for (const [index, outcome] of outcomes.entries()) {
        expect([names[index], outcome]).toMatchObject([
          names[index],
          { status: 'rejected', reason: { code: 'engine_unavailable', facts: { engine: 'docker' } } },
        ]);
      }
    } finally {
      short.mockRestore();
    }
    await docker.close();
  });

  it('lets a watch end when it is told to', async () => {
    const docker = engine();
    const stop = new AbortController();
    const before = sockets.length;
    const watching = docker.watch(() => {}, stop.signal);
    await vi.waitUntil(() => sockets.length > before);
    stop.abort();
    await watching;
    await docker.close();
  });
});
