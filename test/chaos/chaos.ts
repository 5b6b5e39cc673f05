/** The run: a platform, its own Docker daemon, traffic, deeds, and faults one after the other; after each, everything is looked at. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Repository } from '../e2e/repository.ts';
import { nowMs } from '../load/clock.ts';
import { excuseOf } from '../load/excuse.ts';
import type { RequestRecord } from '../load/record.ts';
import type { Outage } from '../load/timeline.ts';
import { Traffic } from '../load/traffic.ts';
import { Random } from '../simulation/random.ts';
import { command } from './command.ts';
import { Deeds } from './deeds.ts';
import { OwnDockerd, SUBNETS } from './dockerd.ts';
import { FAULTS, type Field } from './faults.ts';
import { Invariants } from './invariants.ts';
import { ChaosPlatform } from './platform.ts';
import { type ChaosReport, type Recovery, reportOf } from './report.ts';

export interface ChaosOptions {
  seed: number;
  faults: number;
  /** Names of faults; empty: all. */
  only: readonly string[];
  ratePerSecond: number;
  signal: AbortSignal;
  say(line: string): void;
}

const APP = 'web';
const DISK = '1536m';
const SETTLE_MS = 90_000;
/** In flight at the end of a frozen process, and slow beside builds on a busy machine. */
const REQUEST_MS = 60_000;

interface Scene {
  platform: ChaosPlatform;
  dockerd: OwnDockerd;
  repository: Repository;
  folder: string;
  close(): Promise<void>;
}

/** Undone in reverse, whatever came of it. */
async function openScene(say: (line: string) => void): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-chaos-'));
  await chmod(folder, 0o755);
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch((error) => say(`clearing up: ${error}`));
  };
  try {
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    await command('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0755`, 'teal-chaos', dataDir]);
    undo.push(() => command('umount', ['-l', dataDir]));
    say('starting a Docker daemon of its own');
    const dockerd = await OwnDockerd.start(join(folder, 'docker'));
    undo.push(() => dockerd.destroy());
    const logFile = join(tmpdir(), `teal-chaos-${process.pid}.log`);
    say(`starting the platform, which writes to ${logFile}`);
    const environment = { TEAL_DOCKER_SOCKET: dockerd.socketPath, TEAL_ROUTER: 'haproxy', TEAL_SUBNETS: SUBNETS };
    const platform = await ChaosPlatform.start({ engine: 'docker', dataDir, logFile, environment });
    undo.push(() => platform.down());
    await platform.createApp(APP, { scale: 2, gateDeadlineMs: 5_000 });
    const repository = await Repository.create(platform.gitUrl(APP));
    undo.push(() => repository.remove());
    return { platform, dockerd, repository, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { say } = options;
  const scene = await openScene(say);
  try {
    const deeds = new Deeds(scene.platform, scene.repository, APP);
    const told = await deeds.push();
    if (!told.includes(' is live at ')) throw new Error(`the first push did not go live\n${told}`);
    return await underTraffic(options, scene, deeds);
  } finally {
    say('clearing up');
    await scene.close();
  }
}

async function underTraffic(options: ChaosOptions, scene: Scene, deeds: Deeds): Promise<ChaosReport> {
  const { platform } = scene;
  const records: RequestRecord[] = [];
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
      else records.push(record);
    },
  );
  const recoveries: Recovery[] = [];
  try {
    await faultAfterFault(options, { scene, deeds, recoveries, outage: (outage) => outages.push(outage) });
  } finally {
    await traffic.stop();
  }
  const lost = records.filter((record) => excuseOf(record, outages) === null);
  for (const { kind, status, failure, startedAt, endedAt } of lost.slice(0, 20)) {
    const at = recoveries.findLast((one) => one.beganAt <= endedAt);
    options.say(`lost: ${kind} after ${at?.fault}, ${Math.round(endedAt - startedAt)} ms, ${status}: ${failure}`);
  }
  return reportOf({
    seed: options.seed,
    recoveries,
    answered,
    lost: lost.length,
    excused: records.length - lost.length,
  });
}

interface Course {
  scene: Scene;
  deeds: Deeds;
  recoveries: Recovery[];
  outage(outage: Outage): void;
}

async function faultAfterFault(options: ChaosOptions, { scene, deeds, recoveries, outage }: Course): Promise<void> {
  const { say, signal } = options;
  const random = new Random(options.seed);
  const invariants = new Invariants(scene.platform, scene.dockerd.docker);
  const field: Field = { ...scene, app: APP, random, outage };
  const names = Object.keys(FAULTS).filter((name) => options.only.length === 0 || options.only.includes(name));
  for (let number = 1; number <= options.faults && !signal.aborted; number += 1) {
    const fault = random.of(names);
    const beganAt = nowMs();
    const deed = deeds.random(random);
    await pause(random.between(0, 900));
    let trouble: string[] = [];
    try {
      await FAULTS[fault]?.(field);
    } catch (error) {
      trouble = [`the fault itself: ${error instanceof Error ? error.message : error}`];
      if (!scene.platform.runs) await scene.platform.up();
    }
    const overAt = nowMs();
    await deed;
    const broken = await settle(invariants, overAt);
    const recoveryMs = nowMs() - overAt;
    recoveries.push({ fault, beganAt, recoveryMs, violations: [...trouble, ...broken] });
    const what =
      broken.length + trouble.length === 0 ? 'recovered' : `NOT RECOVERED: ${[...trouble, ...broken].join('; ')}`;
    say(`${String(number).padStart(4)} ${fault}: ${what} after ${(recoveryMs / 1_000).toFixed(1)} s`);
    // What ended without being killed is started again: the next fault wants it.
    if (!scene.platform.runs) await scene.platform.up();
  }
}

/** What is still broken at the deadline; nothing as soon as all holds. */
async function settle(invariants: Invariants, from: number): Promise<string[]> {
  for (;;) {
    const broken = await invariants.broken();
    if (broken.length === 0 || nowMs() - from > SETTLE_MS) return broken;
    await pause(100);
  }
}
