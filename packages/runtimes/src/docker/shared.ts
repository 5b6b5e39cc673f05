/** One piece of work that several callers wait for: done once, ended when the last of them has left. */
import type { BuildLog } from '@teal/deployer';

interface Job {
  done: Promise<void>;
  loggers: Set<BuildLog>;
  abort: AbortController;
}

export interface SharedWork {
  /** Joins the running work of `key` or begins it. Rejects with the signal's reason when this caller leaves. */
  join(key: string, log: BuildLog, signal: AbortSignal): Promise<void>;
  /** Ends all work and waits for it. */
  close(): Promise<void>;
}

export function createSharedWork(work: (key: string, log: BuildLog, signal: AbortSignal) => Promise<void>): SharedWork {
  const jobs = new Map<string, Job>();

  function begin(key: string): Job {
    const abort = new AbortController();
    const loggers = new Set<BuildLog>();
    const fanOut: BuildLog = (source, text) => {
      for (const log of loggers) log(source, text);
    };
    const done = work(key, fanOut, abort.signal).finally(() => {
      if (jobs.get(key)?.abort === abort) jobs.delete(key);
    });
    done.catch(() => undefined);
    const job = { done, loggers, abort };
    jobs.set(key, job);
    return job;
  }

  return {
    async join(key, log, signal) {
      signal.throwIfAborted();
      const job = jobs.get(key) ?? begin(key);
      const own: BuildLog = (source, text) => log(source, text);
      job.loggers.add(own);
      const left = Promise.withResolvers<never>();
      const leave = () => left.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      try {
        await Promise.race([job.done, left.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        job.loggers.delete(own);
        if (job.loggers.size === 0) {
          // who comes now begins anew instead of joining what is ending
          if (jobs.get(key) === job) jobs.delete(key);
          job.abort.abort(new Error('nobody waits for it any more'));
        }
      }
    },
    async close() {
      const running = [...jobs.values()];
      for (const job of running) job.abort.abort(new Error('the engine is closing'));
      await Promise.allSettled(running.map((job) => job.done));
    },
  };
}
