/** Waits until the platform has nothing left to do, so that only one thing at a time happens on the machine. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AppView } from '@teal/contracts';
import { until } from '../conformance/until.ts';
import type { BenchPlatform } from './platform.ts';
import { cpuMs } from './processes.ts';

const REST_DEADLINE_MS = 120_000;
const SAMPLE_MS = 200;
/** Of a core. */
const IDLE_SHARE = 0.1;

async function isIdle(pid: number): Promise<boolean> {
  const before = await cpuMs(pid);
  await pause(SAMPLE_MS);
  return (await cpuMs(pid)) - before <= SAMPLE_MS * IDLE_SHARE;
}

function isSettled({ running, pools }: AppView): boolean {
  return (
    running === null &&
    Object.values(pools).every((pool) => pool === null || pool.standing === 'live' || pool.standing === 'asleep')
  );
}

/** Resolves when no deployment runs, older versions sleep or are off, and the server uses next to no CPU. */
export async function rest(platform: BenchPlatform, appName: string): Promise<AppView> {
  return until(
    `${appName} is at rest`,
    async () => {
      await pause(SAMPLE_MS);
      const app = await platform.app(appName);
      return isSettled(app) && (await isIdle(platform.pid)) && app;
    },
    REST_DEADLINE_MS,
  );
}
