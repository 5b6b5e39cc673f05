/** The job queue in memory, with what the real one does to calls: one per app, again after a run, tries again, dead workers. */
import { isTealError, TealError } from '@teal/core';
import type { JobCounts, JobHandlers, JobQueue, JobWorker } from '@teal/deployer';

interface Job {
  name: 'apps' | 'mail';
  state: 'waiting' | 'delayed' | 'active';
  /** A call came while it ran. */
  again: boolean;
  by: MemoryQueueMember | null;
}

export interface QueueTime {
  /** Runs `work` in `ms`, or as soon as possible. */
  in(ms: number, work: () => void): void;
}

export const RETRY_MS = 1_000;
/** After which the job of a dead worker is given to another. */
export const STALLED_MS = 10_000;
export const CONCURRENCY = 4;

export class MemoryQueue {
  readonly #time: QueueTime;
  #jobs = new Map<string, Job>();
  #members: MemoryQueueMember[] = [];

  constructor(time: QueueTime) {
    this.#time = time;
  }

  /** What a job says, for whoever looks for secrets in it. */
  keys(): string[] {
    return [...this.#jobs.keys()];
  }

  /** No app is worked on; to look whether mail waits is part of every round. */
  isIdle(): boolean {
    return [...this.#jobs.values()].every(({ name }) => name === 'mail');
  }

  counts(): JobCounts[] {
    return (['apps', 'mail'] as const).map((name) => {
      const jobs = [...this.#jobs.values()].filter((job) => job.name === name);
      const active = jobs.filter(({ state }) => state === 'active').length;
      return { name, waiting: jobs.length - active + jobs.filter(({ again }) => again).length, active };
    });
  }

  add(key: string): void {
    const known = this.#jobs.get(key);
    if (known?.state === 'active') known.again = true;
    if (known === undefined)
      this.#jobs.set(key, { name: key === 'mail' ? 'mail' : 'apps', state: 'waiting', again: false, by: null });
    this.#time.in(0, () => this.#give());
  }

  /** Jobs that a dead process of the same platform left are thrown away. */
  obliterate(): void {
    this.#jobs.clear();
  }

  join(handlers: JobHandlers, { isAlive, onFailure = () => {} }: MemberOptions): MemoryQueueMember {
    const member = new MemoryQueueMember(handlers, { isAlive, onFailure });
    this.#members.push(member);
    this.#time.in(0, () => this.#give());
    return member;
  }

  #give(): void {
    this.#members = this.#members.filter((member) => member.isAlive() && !member.closing.signal.aborted);
    for (const [key, job] of this.#jobs) {
      if (job.state === 'active' && !(job.by?.isAlive() ?? false)) this.#waitLater(key, job, STALLED_MS);
      if (job.state !== 'waiting') continue;
      const busy = (member: MemoryQueueMember) =>
        [...this.#jobs.values()].filter((other) => other.by === member).length;
      const [free] = this.#members.filter((m) => busy(m) < CONCURRENCY).sort((a, b) => busy(a) - busy(b));
      if (free !== undefined) void this.#run(key, job, free);
    }
  }

  #waitLater(key: string, job: Job, ms: number): void {
    job.state = 'delayed';
    job.by = null;
    this.#time.in(ms, () => {
      if (this.#jobs.get(key) !== job) return;
      job.state = 'waiting';
      this.#give();
    });
  }

  async #run(key: string, job: Job, member: MemoryQueueMember): Promise<void> {
    job.state = 'active';
    job.by = member;
    job.again = false;
    const failed = await member.takeJob(key).then(
      () => false,
      (error) => {
        member.tellFailure(error);
        return true;
      },
    );
    if (this.#jobs.get(key) !== job || job.by !== member) return;
    if (failed) return this.#waitLater(key, job, RETRY_MS);
    this.#jobs.delete(key);
    if (job.again) this.add(key);
    this.#give();
  }

  /** Whoever finds that a worker has died. */
  lookForStalled(): void {
    this.#give();
  }
}

export interface MemberOptions {
  isAlive(): boolean;
  /** Called with what a handler threw, unless that is how it says "not now". */
  onFailure?(error: unknown): void;
}

export class MemoryQueueMember implements JobWorker {
  readonly closing = new AbortController();
  readonly isAlive: () => boolean;
  readonly #handlers: JobHandlers;
  readonly #onFailure: (error: unknown) => void;
  readonly #tails = new Map<string, Promise<void>>();

  constructor(handlers: JobHandlers, { isAlive, onFailure }: Required<MemberOptions>) {
    this.#handlers = handlers;
    this.isAlive = isAlive;
    this.#onFailure = onFailure;
  }

  tellFailure(error: unknown): void {
    if (!isTealError(error, 'app_busy') && !isTealError(error, 'lease_lost')) this.#onFailure(error);
  }

  /** A job that comes while it closes is thrown back, and waits for the next worker. */
  async takeJob(key: string): Promise<void> {
    if (this.closing.signal.aborted) throw new TealError('app_busy', { what: 'this worker is stopping' });
    return this.take(key);
  }

  /** One after the other per app. */
  take(key: string): Promise<void> {
    const { signal } = this.closing;
    const work = () => (key === 'mail' ? this.#handlers.sendMail(signal) : this.#handlers.workApp(key, signal));
    const turn = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    const tail = turn.catch(() => {});
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return turn;
  }

  workHere(appId: string): Promise<void> {
    return this.take(appId);
  }

  beginHere(appId: string): void {
    if (this.closing.signal.aborted || this.#tails.has(appId) || this.#tails.size >= CONCURRENCY) return;
    this.workHere(appId).catch((error) => this.tellFailure(error));
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.#tails.values());
  }
}

export function queuePort(queue: MemoryQueue): JobQueue {
  return {
    appHasWork: async (appId) => queue.add(appId),
    mailIsWaiting: async () => queue.add('mail'),
    counts: async () => queue.counts(),
    async close() {},
  };
}
