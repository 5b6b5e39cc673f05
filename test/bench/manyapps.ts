/** What the router does with 10,000 apps: memory, flips; and how soon 1,000 are back after a kill. Drives no load. */
import { request } from 'node:http';
import type { Address } from '@teal/core';
import { residentMib } from './processes.ts';
import { median } from './statistics.ts';
import { fillApp, makeTealHaproxy, type TealHaproxy } from './tealRouters.ts';
import type { Work } from './work.ts';

const MANY = 10_000;
const FILLED_AT_ONCE = 500;
const FLIPPED = 50;
const FLIPS = 500;
const RESTORED = 1_000;
const KILLS = 5;
const DEADLINE_MS = 30_000;

export interface ManyAppsFigures {
  flip_ms_p50_10k_apps: number;
  router_rss_mib_10k_apps: number;
  supervisor_rss_mib_10k_apps: number;
  restore_1000_apps_ms: number;
}

const appOf = (index: number) => `app_${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`;
const hostOf = (index: number) => `app-${index}.teal.localhost`;

export async function measureManyApps(origin: Address, work: Pick<Work, 'say' | 'defer'>): Promise<ManyAppsFigures> {
  work.say(`${MANY} apps …`);
  const many = await withApps({ work, count: MANY, address: origin }, async (teal) => {
    await fillGreens(teal, origin);
    const flip_ms_p50_10k_apps = await flips(teal);
    return {
      flip_ms_p50_10k_apps,
      router_rss_mib_10k_apps: await residentMib(await teal.haproxyPid()),
      supervisor_rss_mib_10k_apps: await residentMib(await teal.supervisorPid()),
    };
  });
  work.say(`${KILLS} kills with ${RESTORED} apps …`);
  const restore_1000_apps_ms = await withApps({ work, count: RESTORED, address: origin }, kills);
  return { ...many, restore_1000_apps_ms };
}

interface Apps {
  work: Pick<Work, 'defer'>;
  count: number;
  address: Address;
}

async function withApps<T>({ work, count, address }: Apps, act: (teal: TealHaproxy) => Promise<T>): Promise<T> {
  const teal = await makeTealHaproxy();
  // For an interruption; a second time it does nothing.
  work.defer(teal.close);
  try {
    for (let first = 0; first < count; first += FILLED_AT_ONCE) {
      const batch = Array.from({ length: Math.min(FILLED_AT_ONCE, count - first) }, (_, index) => first + index);
      await Promise.all(
        batch.map((index) => fillApp(teal.router, { appId: appOf(index), host: hostOf(index), address })),
      );
    }
    await teal.router.listen();
    return await act(teal);
  } finally {
    await teal.close();
  }
}

async function fillGreens({ router }: TealHaproxy, address: Address): Promise<void> {
  for (let index = 0; index < FLIPPED; index += 1) {
    const members = [{ instanceId: `instance_green_${index}`, address }];
    await router.setPool({ appId: appOf(index), colour: 'green', releaseId: 'r', deploymentId: 'd', members });
  }
}

/** From the call to its acknowledgement: from then on every request goes to the other pool. */
async function flips({ router }: TealHaproxy): Promise<number> {
  const took: number[] = [];
  for (let flip = 0; flip < FLIPS; flip += 1) {
    const live = Math.floor(flip / FLIPPED) % 2 === 0 ? 'green' : 'blue';
    const beganAt = performance.now();
    await router.setRoute(appOf(flip % FLIPPED), { mode: 'up', live });
    took.push(performance.now() - beganAt);
  }
  return median(took);
}

/** From the kill to the first answer from the last app. */
async function kills(teal: TealHaproxy): Promise<number> {
  const took: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const pid = await teal.haproxyPid();
    const beganAt = performance.now();
    process.kill(pid, 'SIGKILL');
    while (!(await answers(teal.router.publicAddress(), hostOf(RESTORED - 1)))) {
      if (performance.now() - beganAt > DEADLINE_MS) throw new Error('the router did not come back');
    }
    took.push(performance.now() - beganAt);
  }
  return median(took);
}

function answers({ host, port }: Address, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ host, port, path: '/', headers: { host: name }, agent: false }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.statusCode === 200));
    });
    sent.once('error', () => setTimeout(() => resolve(false), 1));
    sent.end();
  });
}
