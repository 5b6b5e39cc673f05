/** The real time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@teal/deployer';

export const clock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    // Aborting is how a sleep is ended early: nothing to report.
    await delay(Math.min(ms, 2 ** 31 - 1), undefined, { signal }).catch(() => {});
  },
  timeout: (ms) => AbortSignal.timeout(ms),
};
