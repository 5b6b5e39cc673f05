/** What every engine does, over the port alone. Adapters' test files call {@link engineConformance} with a maker. */
import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import type { Address, Environment } from '@teal/core';
import type { BuildOutcome, Engine, InstanceSpec, SourceTree, StartedInstance } from '@teal/deployer';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appWithBuild, probeApp } from './app.ts';
import type { EngineFixture } from './engineFixture.ts';
import { enginePortConformance } from './enginePort.ts';
import { areGone, endless, oneOffConformance, processesWith } from './oneoff.ts';
import { memorySource } from './source.ts';
import { until } from './until.ts';

export type { EngineFixture } from './engineFixture.ts';
export { memorySource } from './source.ts';
export { until } from './until.ts';

export interface ConformanceOptions {
  /** The first build may have to make a base image. */
  firstBuildMs?: number;
}

const NEVER = new AbortController().signal;
const TEST_MS = 60_000;

interface Answer {
  startedAt: number;
  longestPauseMs: number;
  pid: number;
}

/** One GET; rejects when there is no complete answer within `timeoutMs`. */
export function ask<T = Answer>(address: Address, path = '/', timeoutMs = 1_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: address.host, port: address.port, path, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString()) as T);
          } catch (error) {
            reject(error);
          }
        });
        response.on('error', reject);
      },
    );
    request.on('error', reject);
  });
}

export interface Built {
  outcome: BuildOutcome;
  ref: string;
  lines: string[];
}

/** Plans and builds `source` as the deployer does; expects a plan. */
export async function buildWith(
  engine: Engine,
  options: {
    appId: string;
    source: SourceTree;
    environment?: Environment;
    organisationId?: string;
    signal?: AbortSignal;
    fresh?: boolean;
    onLine?: (text: string) => void;
  },
): Promise<Built> {
  const { appId, source, environment = {} } = options;
  const planned = await engine.plan({ appId, source, environment });
  if (!planned.ok) throw new Error(planned.reason);
  const lines: string[] = [];
  const outcome = await engine.build({
    appId,
    source,
    environment,
    plan: planned.plan,
    appName: 'probe',
    organisationId: options.organisationId ?? 'organisation_of_the_suite',
    imageId: `image_${randomUUID()}`,
    fresh: options.fresh ?? false,
    log: (_source, text) => {
      lines.push(text);
      options.onLine?.(text);
    },
    signal: options.signal ?? NEVER,
  });
  return { outcome, ref: outcome.ok ? outcome.ref : '', lines };
}

export function instanceOf(appId: string, imageRef: string, environment: Environment = {}): InstanceSpec {
  return {
    instanceId: `instance_${randomUUID()}`,
    appId,
    appName: 'probe',
    releaseId: `release_${randomUUID()}`,
    imageRef,
    colour: 'blue',
    environment,
    memoryMib: 256,
    cpus: 1,
    maxProcesses: 128,
  };
}

export function engineConformance(
  name: string,
  makeFixture: () => Promise<EngineFixture>,
  options: ConformanceOptions = {},
): void {
  describe(`${name} engine`, () => {
    let fixture: EngineFixture;
    let engine: Engine;
    let imageRef = '';
    const appId = `app_${randomUUID()}`;
    const started: string[] = [];

    beforeAll(async () => {
      fixture = await makeFixture();
      engine = fixture.engine;
      const built = await buildWith(engine, { appId, source: probeApp() });
      if (!built.outcome.ok) throw new Error(`${built.outcome.reason}\n${built.lines.join('\n')}`);
      imageRef = built.ref;
    }, options.firstBuildMs ?? 180_000);

    afterEach(async () => {
      await Promise.all(started.splice(0).map((ref) => engine.stop(ref, { graceMs: 0 })));
    });

    afterAll(async () => {
      await fixture?.cleanup();
    }, TEST_MS);

    async function start(environment: Environment = {}): Promise<StartedInstance & { spec: InstanceSpec }> {
      const spec = instanceOf(appId, imageRef, environment);
      const instance = await engine.start(spec, NEVER);
      started.push(instance.ref);
      await answer(instance.address);
      return { ...instance, spec };
    }

    function answer(address: Address): Promise<Answer> {
      return until('the instance answers', () => ask(address));
    }

    describe('building', () => {
      it('plans the same tree and variables to the same digest, other variables to another', async () => {
        const plan = async (environment: Environment) => {
          const outcome = await engine.plan({ appId, source: probeApp(), environment });
          if (!outcome.ok) throw new Error(outcome.reason);
          return outcome.plan;
        };
        const first = await plan({ A: '1', B: '2' });
        expect(first.recipe).toBe('node');
        expect(first.summary).not.toBe('');
        expect((await plan({ B: '2', A: '1' })).inputsDigest).toBe(first.inputsDigest);
        expect((await plan({ A: '1', B: '3' })).inputsDigest).not.toBe(first.inputsDigest);
      });

      it('says what it looked for when it knows no way to build', async () => {
        const outcome = await engine.plan({ appId, source: memorySource({ 'notes.txt': 'hello' }), environment: {} });
        expect(outcome).toMatchObject({ ok: false, code: 'source_unknown' });
        expect(outcome.ok ? '' : outcome.reason).toMatch(/package\.json.*requirements\.txt.*index\.html/s);
      });

      it('streams what a build prints and names the command that failed', { timeout: TEST_MS }, async () => {
        const source = appWithBuild("echo visible-$((40+2)) && node -e 'process.exit(7)'");
        const { outcome, lines } = await buildWith(engine, { appId, source });
        expect(outcome).toMatchObject({ ok: false, code: 'build_failed' });
        expect(outcome.ok ? '' : outcome.reason).toContain('npm run build');
        expect(lines.join('\n')).toContain('visible-42');
      });

      it('lets the build see the variables exactly as they are', { timeout: TEST_MS }, async () => {
        const value = `one 'two' "three" $HOME \`id\` \\ ;&|\nlast line`;
        const source = appWithBuild('node -e "console.log(Buffer.from(process.env.HOSTILE).toString(\'hex\'))"');
        const built = await buildWith(engine, { appId, source, environment: { HOSTILE: value } });
        await engine.removeImage(built.ref);
        expect(built.outcome.ok).toBe(true);
        expect(built.lines.join('\n')).toContain(Buffer.from(value).toString('hex'));
      });

      it('stops a build and its children at once when aborted', { timeout: TEST_MS }, async () => {
        const marker = `marker-${randomUUID()}`;
        const source = appWithBuild(`node -e 'setInterval(() => {}, 1000)' ${marker} & wait`);
        const abort = new AbortController();
        const build = buildWith(engine, { appId, source, signal: abort.signal }).then(
          () => 'ended',
          () => 'rejected',
        );
        await until('the build runs', async () => (await processesWith(marker)).length > 0, 30_000);
        abort.abort();
        const end = Date.now() + 3_000;
        expect(await build).toBe('rejected');
        await until('its processes are gone', async () => (await processesWith(marker)).length === 0, 5_000);
        expect(Date.now()).toBeLessThan(end + 2_000);
      });
    });

    describe('running', () => {
      it('gives the instance its environment, whatever the values hold', async () => {
        const environment = {
          PLAIN: 'text',
          EMPTY: '',
          HOSTILE: `new\nline 'single' "double" $HOME \`id\` \\ = # %s`,
          UNICODE: 'blåbær 🫐',
        };
        const instance = await start(environment);
        const seen = await ask<Record<string, string>>(instance.address, '/environment');
        expect(seen).toMatchObject(environment);
        expect(seen.NODE_ENV).toBe('production');
        expect(Number(seen.PORT)).toBeGreaterThan(0);
      });

      it('runs two instances of one image beside each other', async () => {
        const [first, second] = await Promise.all([start({ WHO: 'first' }), start({ WHO: 'second' })]);
        expect(await ask(first.address, '/environment')).toMatchObject({ WHO: 'first' });
        expect(await ask(second.address, '/environment')).toMatchObject({ WHO: 'second' });
      });

      it('tells which sockets an instance listens on, or that it cannot', async () => {
        const { ref, address } = await start();
        const listeners = await engine.listeners(ref);
        if (listeners !== null) expect(listeners.map((listener) => listener.port)).toContain(address.port);
        expect(await engine.ownsAddress(ref, address)).toBe(true);
      });

      it('finds its instances again after a restart of Teal', { timeout: TEST_MS }, async () => {
        const { ref, address, spec } = await start();
        const before = await ask(address);
        const reopened = await fixture.reopen();
        try {
          expect(await reopened.inspect(ref)).toMatchObject({
            instanceId: spec.instanceId,
            status: 'running',
            address,
          });
          expect(await reopened.list()).toContainEqual(
            expect.objectContaining({ instanceId: spec.instanceId, appId, ref, status: 'running' }),
          );
          await reopened.sleep(ref);
          expect(await reopened.inspect(ref)).toMatchObject({ status: 'frozen' });
          const woken = await reopened.wake(ref);
          expect((await answer(woken.address)).startedAt).toBe(before.startedAt);
          await reopened.stop(ref, { graceMs: 2_000 });
          expect(await reopened.inspect(ref)).toBeNull();
        } finally {
          await reopened.close();
        }
      });

      it("shows nothing of another platform's, and touches nothing of it", async () => {
        const { ref, spec } = await start();
        const other = await fixture.foreign();
        try {
          expect(await other.list()).toEqual([]);
          expect(await other.listImages()).toEqual([]);
          expect(await other.listApps()).toEqual([]);
          await other.stop(ref, { graceMs: 0 });
          await other.removeImage(imageRef);
          await other.removeApp(appId);
        } finally {
          await other.close();
        }
        expect(await engine.inspect(ref)).toMatchObject({ instanceId: spec.instanceId, status: 'running' });
        expect(await engine.hasImage(imageRef)).toBe(true);
      });
    });

    describe('sleeping', () => {
      it('freezes an instance and wakes the same process', async () => {
        const { ref, address } = await start();
        const before = await ask(address);
        await engine.sleep(ref);
        await engine.sleep(ref);
        expect(await engine.inspect(ref)).toMatchObject({ status: 'frozen' });
        await expect(ask(address, '/', 300)).rejects.toThrow();
        const askedAt = Date.now();
        const woken = await engine.wake(ref);
        const after = await answer(woken.address);
        expect(Date.now() - askedAt).toBeLessThan(1_000);
        expect(after.startedAt).toBe(before.startedAt);
        expect(after.longestPauseMs).toBeGreaterThanOrEqual(250);
        expect((await engine.wake(ref)).address).toEqual(woken.address);
      });
    });

    describe('ending', () => {
      it('ends at SIGTERM well before the grace is over, and again does nothing', async () => {
        const { ref } = await start();
        const askedAt = Date.now();
        await engine.stop(ref, { graceMs: 20_000 });
        expect(Date.now() - askedAt).toBeLessThan(8_000);
        await engine.stop(ref, { graceMs: 20_000 });
        expect(await engine.inspect(ref)).toBeNull();
      });

      it('kills an instance that ignores SIGTERM when the grace is over', async () => {
        const { ref, address } = await start();
        await ask(address, '/ignore-sigterm');
        const askedAt = Date.now();
        await engine.stop(ref, { graceMs: 1_000 });
        expect(Date.now() - askedAt).toBeGreaterThanOrEqual(900);
        expect(Date.now() - askedAt).toBeLessThan(6_000);
        await expect(ask(address, '/', 300)).rejects.toThrow();
      });
    });

    describe('usage', () => {
      const usageOf = async ({ instanceId }: InstanceSpec) =>
        (await engine.usage()).find((usage) => usage.instanceId === instanceId);

      it('grows by the CPU time and the memory that an instance takes, and tells its limit or that there is none', async () => {
        const [{ address, spec }, idle] = await Promise.all([start(), start()]);
        const before = await usageOf(spec);
        expect(before).toMatchObject({ appId, cpuSeconds: expect.any(Number) });
        expect([null, spec.memoryMib * 2 ** 20]).toContain(before?.memoryLimitBytes);
        await ask(address, '/burn?ms=400', 20_000);
        await ask(address, '/hold?mib=48', 20_000);
        const [after, ofIdle] = [await usageOf(spec), await usageOf(idle.spec)];
        expect((after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0)).toBeGreaterThan(0.35);
        expect((after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0)).toBeLessThan(3);
        expect((after?.memoryBytes ?? 0) - (before?.memoryBytes ?? 0)).toBeGreaterThan(40 * 2 ** 20);
        expect(ofIdle?.memoryBytes).toBeGreaterThan(2 ** 20);
        expect(ofIdle?.memoryBytes).toBeLessThan(after?.memoryBytes ?? 0);
      });

      it('uses no CPU time and keeps its memory while it is frozen', async () => {
        const [{ ref, spec }, { address }] = await Promise.all([start(), start()]);
        await engine.sleep(ref);
        const before = await usageOf(spec);
        // one that is awake takes its time meanwhile
        await ask(address, '/burn?ms=100', 20_000);
        const after = await usageOf(spec);
        expect(after?.cpuSeconds).toBe(before?.cpuSeconds);
        expect(after?.memoryBytes).toBeGreaterThan(2 ** 20);
      });

      it('is not told of an instance that has ended', async () => {
        const { ref, address, spec } = await start();
        await ask(address, '/exit?code=0');
        await until('it has ended', async () => (await engine.inspect(ref))?.status === 'exited');
        expect(await usageOf(spec)).toBeUndefined();
      });
    });

    describe('logs', () => {
      it('gives the last lines, and the following ones', async () => {
        const { ref, address } = await start();
        for (const text of ['one', 'two', 'three']) await ask(address, `/print?text=${text}`);
        await until('the lines are there', async () => (await tail(ref, 10)).includes('three'));
        expect(await tail(ref, 2)).toEqual(['two', 'three']);

        const stop = new AbortController();
        const followed: string[] = [];
        const following = (async () => {
          for await (const line of engine.logs(ref, { tailLines: 1, follow: true, signal: stop.signal })) {
            followed.push(line);
          }
        })();
        await until('the tail comes', () => followed.includes('three'));
        await ask(address, '/print?text=four');
        await until('the next line comes', () => followed.includes('four'));
        stop.abort();
        await following;
        expect(followed).toEqual(['three', 'four']);
      });

      it('keeps the lines of an instance that ended by itself', async () => {
        const { ref, address } = await start();
        await ask(address, '/print?text=farewell');
        await ask(address, '/exit?code=1');
        await until('it has ended', async () => (await engine.inspect(ref))?.status === 'exited');
        expect(await tail(ref, 5)).toContain('farewell');
      });

      async function tail(ref: string, tailLines: number): Promise<string[]> {
        const lines: string[] = [];
        for await (const line of engine.logs(ref, { tailLines, follow: false })) lines.push(line);
        return lines;
      }
    });

    oneOffConformance({ fixture: () => fixture, spec: (environment) => instanceOf(appId, imageRef, environment) });

    const marker = `marker-${randomUUID()}`;
    enginePortConformance({
      engine: () => engine,
      reopen: () => fixture.reopen(),
      build: async (owner) => (await buildWith(engine, { appId: owner, source: probeApp() })).ref,
      spec: () => instanceOf(appId, imageRef),
      start: () => start(),
      async end({ address }, exitCode) {
        await answer(address);
        await ask(address, `/exit?code=${exitCode}`);
      },
      endless: endless(marker),
      brief: 'echo second',
      briefLine: 'second',
      nothingRuns: () => areGone(marker),
    });
  });
}
