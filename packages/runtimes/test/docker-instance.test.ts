/** What only the Docker engine's instances have: limits, rights, a network per app, a daemon that can go away. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineEvent, InstanceUsage } from '@teal/deployer';
import { dockerRuntimes, probeDocker } from '@teal/runtimes';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { probeApp } from '../../../test/conformance/app.ts';
import { ask, buildWith, instanceOf, until } from '../../../test/conformance/engine.ts';
import { memoryReservations } from '../../../test/conformance/reservations.ts';
import { createClient } from '../src/docker/client.ts';
import { createNaming } from '../src/docker/naming.ts';
import { createUsageReader } from '../src/docker/usage.ts';
import { type DockerFixture, makeDockerFixture, SOCKET } from './docker-fixture.ts';

const docker = new Docker({ socketPath: SOCKET });
const appId = `app_${randomUUID()}`;
const NEVER = new AbortController().signal;

let fixture: DockerFixture;
let engine: Engine;
let imageRef = '';
const refs: string[] = [];

beforeAll(async () => {
  fixture = await makeDockerFixture();
  engine = fixture.engine;
  imageRef = (await buildWith(engine, { appId, source: probeApp() })).ref;
}, 300_000);

afterEach(async () => {
  await Promise.all(refs.splice(0).map((ref) => engine.stop(ref, { graceMs: 0 })));
});

afterAll(async () => {
  await fixture?.cleanup();
});

async function started(spec = instanceOf(appId, imageRef)) {
  const instance = await engine.start(spec, NEVER);
  refs.push(instance.ref);
  await until('it answers', () => ask(instance.address));
  return { ...instance, spec };
}

describe('an instance', () => {
  it('has its limits, few rights, a small log and its labels', async () => {
    const { ref, spec } = await started({
      ...instanceOf(appId, imageRef),
      memoryMib: 200,
      cpus: 0.5,
      maxProcesses: 64,
    });
    const info = await docker.getContainer(ref).inspect();
    expect(info.HostConfig).toMatchObject({
      Memory: 200 * 1024 * 1024,
      MemorySwap: 200 * 1024 * 1024,
      NanoCpus: 500_000_000,
      PidsLimit: 64,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } },
      RestartPolicy: { Name: 'no' },
    });
    expect(info.Config.User).toBe('1000:1000');
    expect(info.Config.Labels).toMatchObject({
      'teal.app': appId,
      'teal.instance': spec.instanceId,
      'teal.release': spec.releaseId,
    });
    const status = await exec(ref, ['cat', '/proc/self/status']);
    expect(status).toMatch(/CapEff:\s+0+\n/);
    expect(status).toMatch(/NoNewPrivs:\s+1\n/);
  });

  it('is run by the runtime that was named, in a network that waited for nobody', async () => {
    const runtime = 'io.containerd.runc.v2';
    expect(await dockerRuntimes(SOCKET)).toContain(runtime);
    const named = fixture.open({ runtime });
    const spec = instanceOf(appId, imageRef);
    await named.prepare({ instanceId: spec.instanceId, appId });
    const { ref, address } = await named.start(spec, NEVER);
    refs.push(ref);
    await until('it answers', () => ask(address));
    const { HostConfig } = await docker.getContainer(ref).inspect();
    expect(HostConfig).toMatchObject({ Runtime: runtime, NetworkMode: expect.not.stringMatching(/^container:/) });
    await named.close();
  });

  it('tells what it uses by the daemon, too, where the control groups are out of reach', async () => {
    const { ref, spec } = await started();
    const { Config } = await docker.getContainer(ref).inspect();
    const naming = createNaming(Config.Labels['teal.platform'] ?? '');
    const byDaemon = createUsageReader(createClient(SOCKET), naming, '/nowhere');
    const own = ({ instanceId }: InstanceUsage) => instanceId === spec.instanceId;
    const [before, asked, after] = [await engine.usage(), await byDaemon(), await engine.usage()].map((all) =>
      all.find(own),
    );
    expect(asked).toMatchObject({ appId, memoryLimitBytes: spec.memoryMib * 2 ** 20 });
    expect(asked?.cpuSeconds).toBeGreaterThanOrEqual(before?.cpuSeconds ?? Number.NaN);
    expect(asked?.cpuSeconds).toBeLessThanOrEqual(after?.cpuSeconds ?? Number.NaN);
    const ratio = (asked?.memoryBytes ?? 0) / (after?.memoryBytes ?? 0);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  });

  describe('that was prepared', () => {
    async function prepared() {
      const spec = instanceOf(appId, imageRef);
      return { spec, ref: await engine.prepare(spec) };
    }

    it('joins the network that waits for it, and stays reachable when it is started again', async () => {
      const { spec, ref } = await prepared();
      const { address } = await started(spec);
      const { HostConfig } = await docker.getContainer(ref).inspect();
      expect(HostConfig.NetworkMode).toMatch(/^container:/);
      await docker.getContainer(ref).restart({ t: 0 });
      await until('it answers at the same address', () => ask(address));
      expect(await engine.inspect(ref)).toMatchObject({ status: 'running', address });
      expect(await (await fixture.reopen()).inspect(ref)).toMatchObject({ status: 'running', address });
    });

    it('starts with a network of its own when the one that waited is gone', async () => {
      const { spec, ref } = await prepared();
      await docker.getContainer(`${ref}-net`).kill();
      await started(spec);
      expect((await engine.list()).filter((seen) => seen.instanceId === spec.instanceId)).toHaveLength(1);
    });

    it('has ended when its network goes', async () => {
      const { spec, ref } = await prepared();
      await started(spec);
      const events: EngineEvent[] = [];
      const stop = new AbortController();
      const watch = engine.watch((event) => events.push(event), stop.signal);
      await docker.getContainer(`${ref}-net`).kill();
      await until('it is told', () => events.find(({ instanceId }) => instanceId === spec.instanceId));
      stop.abort();
      await watch;
      expect(events).toContainEqual({ type: 'exited', instanceId: spec.instanceId, appId, exitCode: null });
      expect(await engine.inspect(ref)).toMatchObject({ status: 'exited' });
      expect(await engine.list()).toContainEqual(expect.objectContaining({ ref, status: 'exited' }));
    });

    it('is listed as ended until it starts, so that what a crash leaves can be found and removed', async () => {
      const { spec, ref } = await prepared();
      const after = await fixture.reopen();
      expect(await after.list()).toContainEqual(expect.objectContaining({ ...idsOf(spec), ref, status: 'exited' }));
      await after.stop(ref, { graceMs: 0 });
      await after.close();
      expect(await engine.list()).not.toContainEqual(expect.objectContaining(idsOf(spec)));
      await started(spec);
    });

    const idsOf = (spec: ReturnType<typeof instanceOf>) => ({ instanceId: spec.instanceId, appId: spec.appId });
  });

  it('has a network with its siblings only, a /27 of the pool', async () => {
    const { ref, address } = await started();
    const [name, network] =
      Object.entries((await docker.getContainer(ref).inspect()).NetworkSettings.Networks)[0] ?? [];
    expect(network?.IPPrefixLen).toBe(27);
    expect(address.host).toMatch(/^10\.231\./);
    const otherApp = `app_${randomUUID()}`;
    const other = await started(instanceOf(otherApp, imageRef));
    const otherName = Object.keys((await docker.getContainer(other.ref).inspect()).NetworkSettings.Networks)[0];
    expect(otherName).not.toBe(name);
    const reach = (host: string) =>
      exec(ref, [
        'node',
        '-e',
        `fetch('http://${host}:8080/', { signal: AbortSignal.timeout(1000) }).then(() => 'reached', () => 'apart').then((word) => { console.log(word); process.exit(); })`,
      ]);
    expect(await reach(address.host)).toContain('reached');
    expect(await reach(other.address.host)).toContain('apart');
    await engine.stop(other.ref, { graceMs: 0 });
    await engine.removeApp(otherApp);
  });

  it('listens where the kernel says', async () => {
    const { ref } = await started();
    expect(await engine.listeners(ref)).toEqual([{ host: '0.0.0.0', port: 8080 }]);
  });

  it('that ends at once leaves its last words', async () => {
    const environment = { CC_RUN_COMMAND: 'no-such-program --flag' };
    const { ref: image } = await buildWith(engine, { appId, source: probeApp(), environment });
    const spec = instanceOf(appId, image);
    // whether the daemon has noticed the end when it is asked right after the start is a race: both ways tell
    const words = await engine.start(spec, NEVER).then(
      async ({ ref }) => {
        refs.push(ref);
        await until('it has ended', async () => (await engine.inspect(ref))?.status === 'exited');
        const lines: string[] = [];
        for await (const line of engine.logs(ref, { tailLines: 5, follow: false })) lines.push(line);
        return lines.join('\n');
      },
      async (error: Error) => {
        expect((await engine.list()).some((seen) => seen.instanceId === spec.instanceId)).toBe(false);
        return error.message;
      },
    );
    expect(words).toContain('no-such-program');
  });

  it('that was created and never started is started by the next call', async () => {
    const spec = instanceOf(appId, imageRef);
    const abort = new AbortController();
    const first = engine.start(spec, abort.signal);
    abort.abort(new Error('changed its mind'));
    await expect(first).rejects.toThrow('changed its mind');
    expect((await engine.list()).some((seen) => seen.instanceId === spec.instanceId)).toBe(false);
    await started(spec);
  });
});

async function exec(ref: string, command: string[]): Promise<string> {
  const run = await docker.getContainer(ref).exec({ Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await run.start({ Tty: true });
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString().replaceAll('\r\n', '\n');
}

describe('networks', () => {
  it('are made again when somebody removed one', async () => {
    const { ref } = await started();
    const name = Object.keys((await docker.getContainer(ref).inspect()).NetworkSettings.Networks)[0] ?? '';
    await engine.stop(ref, { graceMs: 0 });
    await docker.getNetwork(name).remove();
    await started();
  });

  it('avoid what others use, and are free again when the app is gone', async () => {
    const taken = await docker.createNetwork({
      Name: `teal-test-${randomUUID()}`,
      IPAM: { Driver: 'default', Config: [{ Subnet: '10.232.0.0/27' }] },
    });
    const reservations = memoryReservations();
    const small = fixture.open({ reservations, subnets: ['10.232.0.0/26'] });
    const [one, two] = [`app_${randomUUID()}`, `app_${randomUUID()}`];
    try {
      const first = await small.start(instanceOf(one, imageRef), NEVER);
      refs.push(first.ref);
      expect(first.address.host).toMatch(/^10\.232\.0\.(3[2-9]|[45]\d|6[0-3])$/);
      await expect(small.start(instanceOf(two, imageRef), NEVER)).rejects.toMatchObject({
        code: 'start_failed',
        message: expect.stringContaining('TEAL_SUBNETS'),
      });
      await small.stop(first.ref, { graceMs: 0 });
      await small.removeApp(one);
      expect((await reservations.list('subnet')).size).toBe(0);
      refs.push((await small.start(instanceOf(two, imageRef), NEVER)).ref);
    } finally {
      await Promise.all(refs.splice(0).map((ref) => small.stop(ref, { graceMs: 0 })));
      await small.removeApp(one);
      await small.removeApp(two);
      await taken.remove();
      await small.close();
    }
  });
});

/** A way to the daemon that can be cut. */
async function makeProxy(): Promise<{ path: string; cut(): void; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-proxy-'));
  const path = join(folder, 'docker.sock');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(SOCKET);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from) && to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    path,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('a daemon that goes away', () => {
  it('is watched again, and what happened meanwhile is told once', async () => {
    const proxy = await makeProxy();
    const behind = fixture.open({ socketPath: proxy.path });
    const stop = new AbortController();
    const events: EngineEvent[] = [];
    const watch = behind.watch((event) => events.push(event), stop.signal);
    try {
      const { spec, address, ref } = await started();
      const own = () => events.filter((event) => event.instanceId === spec.instanceId);
      proxy.cut();
      await ask(address, '/exit?code=5');
      await until('the exit is told', () => own().length > 0);
      await engine.setRestart(ref, true);
      await docker.getContainer(ref).start();
      await until('the start is told', () => own().some((event) => event.type === 'restarted'));
      expect(own().map((event) => event.type)).toEqual(['exited', 'restarted']);
    } finally {
      stop.abort();
      await watch;
      await behind.close();
      await proxy.close();
    }
  });

  it('is told as such, and ends every call', async () => {
    const gone = fixture.open({ socketPath: '/nowhere/docker.sock' });
    await expect(gone.list()).rejects.toMatchObject({ code: 'engine_unavailable' });
    await expect(gone.hasImage(imageRef)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await gone.close();
    expect(await probeDocker('/nowhere/docker.sock')).toMatchObject({ ok: false });
    expect(await probeDocker(SOCKET)).toMatchObject({ ok: true, version: expect.any(String) });
  });

  it('cut off during a build rejects the build', async () => {
    const proxy = await makeProxy();
    const behind = fixture.open({ socketPath: proxy.path });
    const building = Promise.withResolvers<void>();
    const build = buildWith(behind, {
      appId,
      source: probeApp(),
      environment: { CC_POST_BUILD_HOOK: 'sleep 30' },
      onLine: (text) => text === 'sleep 30' && building.resolve(),
    });
    const rejected = expect(build).rejects.toMatchObject({ code: 'engine_unavailable' });
    await building.promise;
    proxy.cut();
    await rejected;
    await behind.close();
    await proxy.close();
  });
});
