/** What every job queue must do, whatever database it stands on; each backend's test calls this with a maker. */
import { TealError } from '@teal/core';
import type { JobHandlers, JobQueue, JobWorker } from '@teal/deployer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from './until.ts';

export interface Workers extends JobWorker {
  workHere(appId: string): Promise<void>;
  beginHere(appId: string): void;
}

export interface OpenQueue extends JobQueue {
  work(handlers: JobHandlers): Promise<Workers>;
}

export const QUEUE_CONCURRENCY = 4;

/** What the port promises, whatever is behind it. */
export interface JobsUnderTest {
  /** One more process on the same jobs, which works on {@link QUEUE_CONCURRENCY} apps at a time. Lines of its log go to `lines`. */
  open(): Promise<OpenQueue>;
  lines: string[];
}

export interface QueueUnderTest extends JobsUnderTest {
  /** Takes the database away (not in good order where it can) and brings it back with its data; runs `whileDown` between. */
  restart(whileDown: () => Promise<void>): Promise<void>;
}

/** Makes jobs of their own, and cleans up after the test. */
export type MakeQueue = () => Promise<QueueUnderTest>;
export type MakeJobs = () => Promise<JobsUnderTest>;

const NO_MAIL = async () => {};
/** A deadline for what should take milliseconds, and for what waits for a pause between tries. */
const SOON_MS = 15_000;

/** A door that handlers wait at until it is opened. */
function aDoor() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function start(queue: OpenQueue, handlers: Partial<JobHandlers>): Promise<Workers> {
  const workers = await queue.work({ workApp: async () => {}, sendMail: NO_MAIL, ...handlers });
  let closed: Promise<void> | null = null;
  const close = () => (closed ??= workers.close());
  onTestFinished(close);
  return { ...workers, close };
}

async function openQueue(under: JobsUnderTest): Promise<OpenQueue> {
  const queue = await under.open();
  let closed: Promise<void> | null = null;
  const close = () => (closed ??= queue.close());
  onTestFinished(close);
  return { ...queue, close };
}

function callCases(make: MakeJobs): void {
  it('brings a call for an app to the worker, and a call for mail', async () => {
    const queue = await openQueue(await make());
    const ran: string[] = [];
    await start(queue, {
      workApp: async (appId) => void ran.push(appId),
      sendMail: async () => void ran.push('mail'),
    });
    await queue.appHasWork('app_1');
    await queue.mailIsWaiting();
    await until('both ran', () => ran.length === 2, SOON_MS);
    expect(ran.sort()).toEqual(['app_1', 'mail']);
  });

  it('counts the calls that wait and those that are worked on', async () => {
    const queue = await openQueue(await make());
    const apps = async () => (await queue.counts()).find(({ name }) => name === 'apps');
    for (const appId of ['app_1', 'app_2', 'app_2', 'app_3']) await queue.appHasWork(appId);
    expect(await apps()).toEqual({ name: 'apps', waiting: 3, active: 0 });
    expect(await queue.counts()).toContainEqual({ name: 'mail', waiting: 0, active: 0 });
    const door = aDoor();
    onTestFinished(door.open);
    await start(queue, { workApp: () => door.opened });
    await until('one is worked on', async () => ((await apps())?.active ?? 0) > 0, SOON_MS);
    door.open();
    await until('none is left', async () => {
      const counts = await apps();
      return counts?.waiting === 0 && counts.active === 0;
    });
  });

  it('makes one of many calls for one app that wait, and keeps those for others', async () => {
    const queue = await openQueue(await make());
    for (let i = 0; i < 20; i += 1) await queue.appHasWork('app_1');
    await Promise.all(Array.from({ length: 20 }, () => queue.appHasWork('app_2')));
    await queue.appHasWork('app_last');
    const ran: string[] = [];
    await start(queue, { workApp: async (appId) => void ran.push(appId) });
    await until('the last ran', () => ran.includes('app_last'), SOON_MS);
    await queue.appHasWork('app_end');
    await until('the end ran', () => ran.includes('app_end'), SOON_MS);
    expect(ran.sort()).toEqual(['app_1', 'app_2', 'app_end', 'app_last']);
  });

  it('runs an app once more for all calls that come during its run, and never twice at once', async () => {
    const queue = await openQueue(await make());
    const door = aDoor();
    let running = 0;
    let most = 0;
    let runs = 0;
    await start(queue, {
      async workApp(appId) {
        if (appId !== 'app_1') return;
        runs += 1;
        running += 1;
        most = Math.max(most, running);
        await door.opened;
        running -= 1;
      },
    });
    await queue.appHasWork('app_1');
    await until('the first runs', () => runs === 1, SOON_MS);
    for (let i = 0; i < 5; i += 1) await queue.appHasWork('app_1');
    door.open();
    await until('the second ran', () => runs === 2 && running === 0, SOON_MS);
    await queue.appHasWork('app_1');
    await until('a later call ran', () => runs >= 3 && running === 0, SOON_MS);
    expect([runs, most]).toEqual([3, 1]);
  });

  it('works on several apps at a time', async () => {
    const queue = await openQueue(await make());
    const door = aDoor();
    const running = new Set<string>();
    await start(queue, {
      async workApp(appId) {
        running.add(appId);
        await door.opened;
      },
    });
    for (let i = 0; i < 4; i += 1) await queue.appHasWork(`app_${i}`);
    await until('all four run', () => running.size === 4, SOON_MS);
    door.open();
  });
}

function troubleCases(make: MakeJobs): void {
  it.each([
    ['is busy', new TealError('app_busy', { what: 'x' }), 0],
    ['throws', new Error('the disk is gone'), 1],
  ])('tries again what %s', async (_what, trouble, logged) => {
    const under = await make();
    const queue = await openQueue(under);
    let runs = 0;
    await start(queue, {
      async workApp() {
        runs += 1;
        if (runs < 3) throw trouble;
      },
    });
    await queue.appHasWork('app_1');
    await until('it ran three times', () => runs === 3, SOON_MS);
    expect(under.lines.filter((line) => line.includes('a job failed')).length > 0).toBe(logged > 0);
  });

  it('is tried again although further calls come between', async () => {
    const queue = await openQueue(await make());
    let runs = 0;
    await start(queue, {
      async workApp() {
        runs += 1;
        if (runs === 1) throw new TealError('app_busy', { what: 'x' });
      },
    });
    await queue.appHasWork('app_1');
    await until('it ran', () => runs === 1, SOON_MS);
    await queue.appHasWork('app_1');
    await until('it ran again', () => runs >= 2, SOON_MS);
  });

  it('waits at close for the handler that runs, and tells it', async () => {
    const queue = await openQueue(await make());
    const door = aDoor();
    let told = false;
    let ended = false;
    let begun = 0;
    const workers = await start(queue, {
      async workApp(_appId, signal) {
        begun += 1;
        signal.addEventListener('abort', () => {
          told = true;
        });
        await door.opened;
        ended = true;
      },
    });
    await queue.appHasWork('app_1');
    await until('it runs', () => begun === 1, SOON_MS);
    const closed = workers.close().then(() => expect(ended).toBe(true));
    await until('it is told', () => told);
    await queue.appHasWork('app_2');
    door.open();
    await closed;
    expect(begun).toBe(1);
  });

  it("works here at once on an app whose dead worker's job is still locked", async () => {
    const under = await make();
    const dead = await openQueue(under);
    const door = aDoor();
    let begun = 0;
    await start(dead, {
      async workApp() {
        begun += 1;
        await door.opened;
      },
    });
    await dead.appHasWork('app_1');
    await until('it runs in the first process', () => begun === 1, SOON_MS);
    const queue = await openQueue(under);
    const ran: string[] = [];
    const workers = await start(queue, { workApp: async (appId) => void ran.push(appId) });
    await queue.appHasWork('app_1');
    await workers.workHere('app_1');
    expect(ran).toEqual(['app_1']);
    door.open();
  });

  it('never works here beside a job of the same app', async () => {
    const queue = await openQueue(await make());
    const door = aDoor();
    let running = 0;
    let most = 0;
    const workers = await start(queue, {
      async workApp() {
        running += 1;
        most = Math.max(most, running);
        await door.opened;
        running -= 1;
      },
    });
    await queue.appHasWork('app_1');
    await until('it runs', () => running === 1, SOON_MS);
    const here = [workers.workHere('app_1'), workers.workHere('app_1')];
    door.open();
    await Promise.all(here);
    expect(most).toBe(1);
  });

  it('begins here at once, once, and makes the call that follows afterwards', async () => {
    const queue = await openQueue(await make());
    const door = aDoor();
    const told: string[] = [];
    const workers = await start(queue, {
      async workApp(appId) {
        told.push(`${appId} begins`);
        await door.opened;
        told.push(`${appId} ends`);
      },
    });
    workers.beginHere('app_1');
    workers.beginHere('app_1');
    await queue.appHasWork('app_1');
    expect(told).toEqual(['app_1 begins']);
    door.open();
    await until('the call was made', () => told.length === 4, SOON_MS);
    expect(told).toEqual(['app_1 begins', 'app_1 ends', 'app_1 begins', 'app_1 ends']);
  });

  it('begins here on no more apps than it works on at a time, and on none while it closes', async () => {
    const queue = await openQueue(await make());
    const door = aDoor();
    const begun: string[] = [];
    const workers = await start(queue, {
      async workApp(appId) {
        begun.push(appId);
        await door.opened;
      },
    });
    for (let i = 0; i < QUEUE_CONCURRENCY + 2; i += 1) workers.beginHere(`app_${i}`);
    await until('as many run as may', () => begun.length === QUEUE_CONCURRENCY);
    const closed = workers.close();
    door.open();
    await closed;
    workers.beginHere('app_late');
    await workers.close();
    expect(begun.length).toBe(QUEUE_CONCURRENCY);
  });

  it('lets a call wait that nobody works on yet', async () => {
    const under = await make();
    const first = await openQueue(under);
    await first.appHasWork('app_1');
    await first.close();
    const queue = await openQueue(under);
    const ran: string[] = [];
    await start(queue, { workApp: async (appId) => void ran.push(appId) });
    await until('it ran', () => ran.length === 1, SOON_MS);
  });
}

function restartCases(make: MakeQueue): void {
  it('goes on when its database was away, with the handler that ran meanwhile, and floods no log', async () => {
    const under = await make();
    const queue = await openQueue(under);
    const ran: string[] = [];
    const door = aDoor();
    const workers = await start(queue, {
      async workApp(appId) {
        ran.push(`${appId} begins`);
        if (appId === 'app_slow') await door.opened;
        ran.push(appId);
      },
    });
    await queue.appHasWork('app_before');
    await queue.appHasWork('app_slow');
    await until('both are taken', () => ran.includes('app_before') && ran.includes('app_slow begins'), SOON_MS);
    await under.restart(async () => {
      door.open();
      await until('the slow one ended meanwhile', () => ran.includes('app_slow'), SOON_MS);
    });
    await until(
      'a call is taken',
      async () => {
        await queue.appHasWork('app_after');
        return true;
      },
      SOON_MS,
    );
    await until('the call after ran', () => ran.includes('app_after'), SOON_MS);
    expect(under.lines.length).toBeLessThan(20);
    await workers.close();
  });

  it('closes within moments while its database is away', async () => {
    const under = await make();
    const queue = await openQueue(under);
    const ran: string[] = [];
    const workers = await start(queue, { workApp: async (appId) => void ran.push(appId) });
    await queue.appHasWork('app_1');
    await until('it ran', () => ran.length === 1, SOON_MS);
    await under.restart(async () => {
      const begun = performance.now();
      await workers.close();
      await queue.close();
      expect(performance.now() - begun).toBeLessThan(SOON_MS);
    });
  });
}

/** All of it that needs no database to take away. */
export function jobsConformance(name: string, make: MakeJobs): void {
  describe(`the job queue on ${name}`, () => {
    describe('calls', () => callCases(make));
    describe('trouble', () => troubleCases(make));
  });
}

export function queueConformance(name: string, make: MakeQueue): void {
  jobsConformance(name, make);
  describe(`the job queue on ${name} and its database`, () => restartCases(make));
}
