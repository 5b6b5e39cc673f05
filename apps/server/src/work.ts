/** The work of this process: calls go through the queue, and begin here at once where they can. Decides nothing about apps. */
import type { Context, Deployer } from '@teal/deployer';
import type { OpenJobQueue, RunningWorkers } from '@teal/queue';
import type { Logger } from 'pino';

export interface Work {
  /** For the deployer. A call is stored as ever: what begins here ends with this process, and the stored call does not. */
  calls: Context['queue'];
  start(deployer: Deployer): Promise<RunningWorkers>;
  /** Begins what a dead process left on these apps: its jobs stay locked for a while. */
  resume(appIds: readonly string[]): void;
}

export function createWork(queue: OpenJobQueue, log: Logger): Work {
  let workers: RunningWorkers | null = null;
  return {
    calls: {
      async appHasWork(appId) {
        workers?.beginHere(appId);
        await queue.appHasWork(appId);
      },
      mailIsWaiting: () => queue.mailIsWaiting(),
    },
    async start(deployer) {
      workers = await queue.work(deployer);
      return workers;
    },
    resume(appIds) {
      for (const appId of appIds) {
        workers
          ?.workHere(appId)
          .catch((error) => log.warn({ appId, err: error }, 'unfinished work is left to the queue'));
      }
    },
  };
}
