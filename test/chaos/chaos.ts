/** The run: traffic, deeds, and faults one after the other; after each, everything is looked at until it holds. */
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../load/clock.ts';
import { excuseOf } from '../load/excuse.ts';
import type { RequestRecord } from '../load/record.ts';
import type { Outage } from '../load/timeline.ts';
import { Traffic } from '../load/traffic.ts';
import { Random } from '../simulation/random.ts';
import { FAULTS, type Field } from './faults.ts';
import { Invariants } from './invariants.ts';
import { type ChaosReport, type Recovery, reportOf } from './report.ts';
import { APP, openScene, type Scene, type SceneOptions } from './scene.ts';

/** What is done to a scene. */
export interface Course {
  seed: number;
  faults: number;
  /** No fault is begun after this time. */
  deadlineMs: number;
  /** Names of faults; empty: all. */
  only: readonly string[];
  ratePerSecond: number;
  signal: AbortSignal;
  say(line: string): void;
}

const SETTLE_MS = 90_000;
const GATE_MS = 3_000;
/** So many faults in a row that nothing recovered from: the rest would only take time. */
const HOPELESS = 3;
/** In flight at the end of a frozen process, and slow beside builds on a busy machine. */
const REQUEST_MS = 60_000;

export async function runChaos(options: Course & SceneOptions): Promise<ChaosReport> {
  const scene = await openScene(options);
  try {
    return await strike(scene, options);
  } finally {
    options.say('clearing up');
    await scene.close();
  }
}

/** The app is deleted at the end. */
export async function strike(scene: Scene, options: Course): Promise<ChaosReport> {
  const { platform } = scene;
  const failed: RequestRecord[] = [];
  const outages: Outage[] = [];
  let answered = 0;
  const traffic = new Traffic(
    {
      address: platform.routerAddress,
      host: platform.hostOf(APP),
      kinds: ['keep-alive', 'fresh'],
      connections: 4,
      ratePerSecond: options.ratePerSecond,
      timeoutMs: REQUEST_MS,
    },
    (record) => {
      if (record.failure === null) answered += 1;
      else failed.push(record);
    },
  );
  // So long a bad version is probed.
  await platform.call('PATCH', `/apps/${APP}`, { settings: { gateDeadlineMs: GATE_MS } });
  const recoveries: Recovery[] = [];
  const invariants = new Invariants(platform, scene.dockerd.docker);
  try {
    await faultAfterFault(options, { scene, recoveries, invariants, outage: (outage) => outages.push(outage) });
  } finally {
    await traffic.stop();
  }
  const lost = failed.filter((record) => excuseOf(record, outages) === null);
  for (const { kind, status, failure, startedAt, endedAt } of lost.slice(0, 20)) {
    const at = recoveries.findLast((one) => one.beganAt <= endedAt);
    options.say(`lost: ${kind} after ${at?.fault}, ${Math.round(endedAt - startedAt)} ms, ${status}: ${failure}`);
  }
  const leaks = await leftovers(scene, invariants);
  for (const leak of leaks) options.say(`left after the app was deleted: ${leak}`);
  return reportOf({
    seed: options.seed,
    recoveries,
    answered,
    lost: lost.length,
    excused: failed.length - lost.length,
    leaks: leaks.length,
  });
}

interface Stand {
  scene: Scene;
  recoveries: Recovery[];
  invariants: Invariants;
  outage(outage: Outage): void;
}

async function faultAfterFault(options: Course, stand: Stand): Promise<void> {
  const random = new Random(options.seed);
  const field: Field = { ...stand.scene, app: APP, random, outage: stand.outage };
  const names = Object.keys(FAULTS).filter((name) => options.only.length === 0 || options.only.includes(name));
  let bag: string[] = [];
  let hopeless = 0;
  for (let number = 1; number <= options.faults; number += 1) {
    if (options.signal.aborted || nowMs() > options.deadlineMs) return options.say('ended before its time');
    // Each kind once before any comes again.
    if (bag.length === 0) bag = random.shuffled(names);
    const fault = bag.pop() ?? '';
    const recovery = await faultOnce(fault, stand, field);
    stand.recoveries.push(recovery);
    const { violations, recoveryMs, deedMs, doing, until } = recovery;
    const outcome = violations.length === 0 ? 'recovered' : `NOT RECOVERED: ${violations.join('; ')}`;
    const why = `${doing} took ${seconds(deedMs)}${until === null ? '' : `, then ${until}`}`;
    options.say(`${String(number).padStart(4)} ${fault}: ${outcome} after ${seconds(recoveryMs)} (${why})`);
    hopeless = violations.length === 0 ? 0 : hopeless + 1;
    if (hopeless === HOPELESS) return options.say(`ended: nothing has recovered from the last ${HOPELESS} faults`);
  }
}

async function faultOnce(fault: string, { scene, invariants }: Stand, field: Field): Promise<Recovery> {
  const { platform, deeds } = scene;
  const beganAt = nowMs();
  const deed = deeds.random(field.random);
  await pause(field.random.between(0, 900));
  const trouble: string[] = [];
  try {
    await FAULTS[fault]?.(field);
  } catch (error) {
    trouble.push(`the fault itself: ${error instanceof Error ? error.message : error}`);
    if (!platform.runs) await platform.up();
  }
  const overAt = nowMs();
  const doing = await deed;
  const deedMs = nowMs() - overAt;
  const { broken, until } = await settle(invariants, overAt);
  const recoveryMs = nowMs() - overAt;
  // What ended without being killed is started again: the next fault wants it.
  if (!platform.runs) await platform.up();
  return { fault, doing, beganAt, deedMs, until, recoveryMs, violations: [...trouble, ...broken] };
}

/** What is still broken at the deadline; nothing as soon as all holds. `until` is what held last. */
async function settle(invariants: Invariants, from: number): Promise<{ broken: string[]; until: string | null }> {
  let until: string | null = null;
  for (;;) {
    const broken = await invariants.broken();
    if (broken.length === 0 || nowMs() - from > SETTLE_MS) return { broken, until };
    until = broken.join('; ');
    await pause(100);
  }
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** What there still is of the app once it has been deleted. */
async function leftovers({ platform }: Scene, invariants: Invariants): Promise<string[]> {
  await platform.deleteApps();
  const from = nowMs();
  for (;;) {
    const left = await invariants.left();
    if (left.length === 0 || nowMs() - from > SETTLE_MS) return left;
    await pause(100);
  }
}
