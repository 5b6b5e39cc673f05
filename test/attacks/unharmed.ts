/** What no attack may change: asked before and after each case. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppView } from '@teal/contracts';
import { expect } from 'vitest';
import { until } from '../conformance/until.ts';
import type { TestPlatform } from '../e2e/platform.ts';

const GROWTH_MAX_BYTES = 400 * 1024 * 1024;

export interface Watched {
  platform: TestPlatform;
  /** An app of somebody else that answers 200. */
  neighbour: string;
}

/** Runs a case; the platform is asked before it and after it, and the neighbour all the while. */
export async function unharmed({ platform, neighbour }: Watched, attack: () => Promise<void>): Promise<void> {
  const before = await state(platform, neighbour);
  const rssBefore = process.memoryUsage().rss;
  let done = false;
  const answers = asking();
  try {
    await attack();
  } finally {
    done = true;
  }
  expect(new Set(await answers)).toEqual(new Set([200]));
  await until('everything is as before', async () => {
    expect(await state(platform, neighbour)).toEqual(before);
    return true;
  });
  await until('no git is left', async () => (await children('git')) === 0);
  // The platform runs in this process: it is the same one, and has not grown without bound.
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(GROWTH_MAX_BYTES);

  async function asking(): Promise<number[]> {
    const statuses: number[] = [];
    do {
      statuses.push((await platform.get(neighbour)).status);
      await new Promise((resolve) => setTimeout(resolve, 50));
    } while (!done);
    return statuses;
  }
}

async function state(platform: TestPlatform, neighbour: string) {
  const { apps } = (await platform.call<{ apps: AppView[] }>('GET', '/apps')).body;
  const deployments = await platform.deployments(neighbour);
  return {
    apps: apps.map(({ id, name, live }) => [id, name, live?.deploymentId ?? null]),
    deployments: deployments.map(({ id, state }) => [id, state]),
    repositories: (await readdir(join(platform.dataDir, 'repositories'))).sort(),
  };
}

/** How many processes of this name we have as children. */
async function children(name: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.filter((stat) => new RegExp(`^\\d+ \\(${name}\\) \\S ${process.pid} `).test(stat)).length;
}
