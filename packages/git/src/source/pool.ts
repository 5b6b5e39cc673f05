/** Lends `cat-file` processes, one borrower at a time each, and keeps a few of them for the next. Holds no objects. */
import { type GitOptions, ObjectProcess } from './objects.ts';

export interface PoolOptions extends GitOptions {
  /** Processes kept without a borrower, over all repositories. */
  maxIdle: number;
  idleMs: number;
}

interface Idle {
  repository: string;
  process: ObjectProcess;
  timer: NodeJS.Timeout;
}

export class ObjectPool {
  readonly #options: PoolOptions;
  #idle: Idle[] = [];
  readonly #running = new Set<ObjectProcess>();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** A process that nobody else uses. Give it back with {@link giveBack}, whatever happened to it. */
  borrow(repository: string): ObjectProcess {
    if (this.#closed) throw new Error('the source reader is closed');
    for (;;) {
      const at = this.#idle.findIndex((idle) => idle.repository === repository);
      if (at < 0) return this.#start(repository);
      const [found] = this.#idle.splice(at, 1);
      clearTimeout(found?.timer);
      if (found?.process.usable === true) return found.process;
      found?.process.kill();
    }
  }

  giveBack(repository: string, process: ObjectProcess): void {
    if (this.#closed || !process.usable) {
      process.kill();
      return;
    }
    const timer = setTimeout(() => this.#drop((idle) => idle.process === process), this.#options.idleMs);
    this.#idle.push({ repository, process, timer });
    if (this.#idle.length > this.#options.maxIdle) this.#drop((idle) => idle === this.#idle[0]);
  }

  /** Ends what waits for `repository`, before it is removed. */
  forget(repository: string): void {
    this.#drop((idle) => idle.repository === repository);
  }

  /** Ends every process, lent ones included, and waits for their end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#drop(() => true);
    for (const process of this.#running) process.kill();
    await Promise.all([...this.#running].map((process) => process.exited));
  }

  #start(repository: string): ObjectProcess {
    const process = new ObjectProcess(repository, this.#options);
    this.#running.add(process);
    void process.exited.then(() => this.#running.delete(process));
    return process;
  }

  #drop(matches: (idle: Idle) => boolean): void {
    const [gone, kept] = [this.#idle.filter(matches), this.#idle.filter((idle) => !matches(idle))];
    this.#idle = kept;
    for (const idle of gone) {
      clearTimeout(idle.timer);
      idle.process.kill();
    }
  }
}
