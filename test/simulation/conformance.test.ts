/** The in-memory adapters keep the same suites as the real ones: what the simulation shows holds on them too. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { buildWith, instanceOf, memorySource } from '../conformance/engine.ts';
import { enginePortConformance } from '../conformance/enginePort.ts';
import { jobsConformance } from '../conformance/queue.ts';
import { routerPortCases } from '../conformance/router/port.ts';
import { newId } from '../conformance/store/fixture.ts';
import { MEMBER, storeConformance } from '../conformance/store.ts';
import { MemoryEngine } from './engine.ts';
import { program } from './programs.ts';
import { MemoryQueue, queuePort } from './queue.ts';
import { MemoryRouter } from './router.ts';
import { Scheduler } from './scheduler.ts';
import { openMemoryStore } from './store/store.ts';

const NEVER = new AbortController().signal;
/** Virtual milliseconds in a real one: the suites wait for what takes seconds. */
const HURRY = 10;
const ALONE = { isAlive: () => true, isFrozen: () => false };

/** Lets virtual time follow the real one. */
function runningScheduler(): { scheduler: Scheduler; stop(): Promise<void> } {
  const scheduler = new Scheduler();
  const [beganMs, beganAt] = [scheduler.nowMs, performance.now()];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      await scheduler.step(beganMs + (performance.now() - beganAt) * HURRY);
      await scheduler.settle();
    }
  })();
  const stop = () => {
    stopped = true;
    return running;
  };
  return { scheduler, stop };
}

storeConformance('memory', async () => {
  const { store, database } = openMemoryStore();
  const organisationId = newId('orga');
  database.tables.members.set(organisationId, [MEMBER]);
  return { store, organisationId };
});

jobsConformance('memory', async () => {
  const lines: string[] = [];
  const later = (ms: number, work: () => void) => void (ms === 0 ? setImmediate(work) : setTimeout(work, ms / HURRY));
  const queue = new MemoryQueue({ in: later });
  const open = async () => ({
    ...queuePort(queue),
    async work(handlers: Parameters<MemoryQueue['join']>[0]) {
      const onFailure = (error: unknown) => void lines.push(`a job failed: ${error}`);
      const member = queue.join(handlers, { isAlive: () => true, onFailure });
      return {
        workHere: (appId: string) => member.workHere(appId),
        beginHere: (appId: string) => member.beginHere(appId),
        close: () => member.close(),
      };
    },
  });
  return { lines, open };
});

describe('memory router', () => {
  routerPortCases(async () => {
    const { scheduler, stop } = runningScheduler();
    const router = new MemoryRouter(scheduler);
    const port = router.portOf(ALONE);
    const member = { instanceId: 'instance_one', address: { host: '127.0.0.1', port: 9 } };
    const pool = {
      appId: 'app_one',
      colour: 'blue',
      releaseId: 'release_one',
      deploymentId: 'deployment_one',
    } as const;
    return {
      router: port,
      async busy() {
        await port.setPool({ ...pool, members: [member] });
        await port.setRoute('app_one', { mode: 'up', live: 'blue' });
        return () => port.setRoute('app_one', { mode: 'stopped' });
      },
      close: stop,
    };
  });
});

describe('memory engine', () => {
  const { scheduler, stop } = runningScheduler();
  const commandMs = (command: string) => (command === 'endless' ? Number.POSITIVE_INFINITY : 10);
  const memory = new MemoryEngine({ scheduler, programOf: () => program(), commandMs });
  const engine = memory.portOf(ALONE);
  const appId = `app_${randomUUID()}`;
  const started: string[] = [];
  let imageRef = '';
  const build = async (owner: string) => (await buildWith(engine, { appId: owner, source: memorySource({}) })).ref;

  beforeAll(async () => {
    imageRef = await build(appId);
  });
  afterEach(async () => {
    for (const ref of started.splice(0)) await engine.stop(ref, { graceMs: 0 });
  });
  afterAll(stop);

  enginePortConformance({
    engine: () => engine,
    reopen: async () => memory.portOf(ALONE),
    build,
    spec: () => instanceOf(appId, imageRef),
    async start() {
      const spec = instanceOf(appId, imageRef);
      const instance = await engine.start(spec, NEVER);
      started.push(instance.ref);
      return { ...instance, spec };
    },
    end: async ({ ref }, exitCode) => memory.exit(ref, exitCode),
    endless: 'endless',
    brief: 'brief',
    briefLine: 'migrating',
    nothingRuns: async () => {},
  });
});
