/** The job queue and its workers. */
import { isTealError, TealError } from '@teal/core';
import type { JobHandlers, JobQueue, JobWorker, Logger } from '@teal/deployer';
import { type ConnectionOptions, type JobsOptions, Queue, Worker } from 'bullmq';
import { connectionOf, factoryOf, prepareBackend, type QueueBackend } from './backend.ts';
import { closeOrDrop } from './close.ts';
import { withinDeadline } from './deadline.ts';
import { createTurns } from './turns.ts';

export type { QueueBackend } from './backend.ts';

export interface JobQueueOptions {
  backend: QueueBackend;
  /**
   * No other process works on this queue: jobs that a dead one left locked are thrown away at the start, because the
   * database says what is to be done and the first sweep asks for it again.
   */
  alone: boolean;
  /** Apps that are worked on at the same time. */
  concurrency: number;
  log: Logger;
  /** For each call that somebody waits for. Default {@link CALL_MS}. */
  callMs?: number;
}

export interface OpenJobQueue extends JobQueue {
  /** Starts the workers of this process. Once. */
  work(handlers: JobHandlers): Promise<RunningWorkers>;
}

export interface RunningWorkers extends JobWorker {
  /** Works on the app in this process now: after a crash the jobs of the dead process are still locked for a while. */
  workHere(appId: string): Promise<void>;
  /**
   * Begins on the app at once if this process is free to; otherwise does nothing. Spares a call that this process would get
   * anyway its way through the queue: the call must be made all the same, and does what this has left.
   */
  beginHere(appId: string): void;
}

const APPS = 'apps';
const MAIL = 'mail';
const LOCK_MS = 10_000;
const CALL_MS = 5_000;
/** For the first connection, and for throwing away what a dead process left. */
const START_MS = 30_000;

const OPTIONS: JobsOptions = {
  // A job is only a wake-up call: what matters is in the database, and a busy app is asked again.
  attempts: 1_000,
  backoff: { type: 'fixed', delay: 1_000 },
  removeOnComplete: { age: 60 },
  removeOnFail: { age: 3_600 },
};

/** Says the same trouble at most every ten seconds: a lost database makes BullMQ repeat it many times a second. */
function quietly(log: Logger, name: string): (error: Error) => void {
  let lastAt = 0;
  return (error) => {
    if (Date.now() - lastAt < 10_000) return;
    lastAt = Date.now();
    log.warn({ queue: name, err: error }, 'the job queue has trouble');
  };
}

function tellFailure(log: Logger, name: string, error: unknown): void {
  if (!isTealError(error, 'app_busy') && !isTealError(error, 'lease_lost'))
    log.error({ queue: name, err: error }, 'a job failed');
}

export async function openJobQueue(given: JobQueueOptions): Promise<OpenJobQueue> {
  const { backend, alone, concurrency, log, callMs = CALL_MS } = given;
  const within = <T>(timeoutMs: number, work: Promise<T>) => withinDeadline(backend.kind, timeoutMs, work);
  await within(START_MS, prepareBackend(backend));
  const options = connectionOf(backend);
  const factory = factoryOf(backend);
  const open = (name: string) => {
    const queue =
      factory === undefined
        ? new Queue(name, options)
        : new Queue<unknown, unknown, string>(name, options as { connection: ConnectionOptions }, factory as never);
    queue.on('error', quietly(log, name));
    return queue;
  };
  const apps = open(APPS);
  const mail = open(MAIL);
  await within(START_MS, Promise.all([apps.waitUntilReady(), mail.waitUntilReady()]));
  if (alone) {
    await within(START_MS, Promise.all([apps.obliterate({ force: true }), mail.obliterate({ force: true })]));
  }

  /** What it wakes for is in the database, and the next sweep finds it there: a lost call fails nobody's push. */
  async function wake(queue: Queue, name: string, data: object, id: string): Promise<void> {
    const added = queue.add(name, data, { ...OPTIONS, deduplication: { id, keepLastIfActive: true } });
    await within(callMs, added).catch((error) => {
      log.warn({ queue: queue.name, err: error }, 'a wake-up call was lost; the next sweep makes it good');
    });
  }

  function startWorker(name: string, width: number, run: (data: { appId?: string }) => Promise<void>): Worker {
    const workerOptions = {
      ...options,
      concurrency: width,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      maxStalledCount: 1_000,
    };
    const process = (job: { data: { appId?: string } }) => run(job.data);
    const worker =
      factory === undefined
        ? new Worker(name, process, workerOptions)
        : new Worker(name, process, workerOptions as never, factory as never);
    worker.on('error', quietly(log, name));
    worker.on('failed', (_job, error) => tellFailure(log, name, error));
    return worker;
  }

  return {
    appHasWork: (appId) => wake(apps, 'work', { appId }, appId),
    mailIsWaiting: () => wake(mail, 'send', {}, 'mail'),
    async counts() {
      return Promise.all(
        [apps, mail].map(async (queue) => {
          const counts = await within(callMs, queue.getJobCounts('waiting', 'delayed', 'active'));
          return {
            name: queue.name,
            waiting: (counts.waiting ?? 0) + (counts.delayed ?? 0),
            active: counts.active ?? 0,
          };
        }),
      );
    },
    async work(handlers) {
      const closing = new AbortController();
      const turns = createTurns();
      // Redis may hand over one more job while the worker closes; thrown back, it waits for the next worker.
      const unlessClosing = async (task: () => Promise<void>) => {
        if (closing.signal.aborted) throw new TealError('app_busy', { what: 'this worker is stopping' });
        return task();
      };
      const workHere = (appId: string) => turns.take(appId, () => handlers.workApp(appId, closing.signal));
      const workers = [
        startWorker(APPS, concurrency, ({ appId }) => unlessClosing(() => workHere(appId ?? ''))),
        startWorker(MAIL, 1, () => unlessClosing(() => turns.take(MAIL, () => handlers.sendMail(closing.signal)))),
      ];
      await within(START_MS, Promise.all(workers.map((worker) => worker.waitUntilReady())));
      return {
        workHere,
        beginHere(appId) {
          if (closing.signal.aborted || turns.isTaken(appId) || turns.taken() >= concurrency) return;
          workHere(appId).catch((error) => tellFailure(log, APPS, error));
        },
        async close() {
          closing.abort();
          const closed = workers.map((worker) => closeOrDrop(worker, turns.idle()));
          await turns.idle();
          await Promise.all(closed);
          await turns.idle();
        },
      };
    },
    async close() {
      await Promise.all([closeOrDrop(apps), closeOrDrop(mail)]);
    },
  };
}
