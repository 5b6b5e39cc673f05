/** The faults: each takes something down or holds it, and brings back what only a person would. Checks nothing. */
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Outage } from '../load/timeline.ts';
import { instancesOf, kill } from '../load/victims.ts';
import type { Random } from '../simulation/random.ts';
import { command } from './command.ts';
import type { OwnDockerd } from './dockerd.ts';
import type { ChaosPlatform } from './platform.ts';

export interface Field {
  platform: ChaosPlatform;
  dockerd: OwnDockerd;
  app: string;
  random: Random;
  /** What an excuse for requests in flight is judged by. */
  outage(outage: Outage): void;
}

/** Over the platform's lease of 2 s. */
const FREEZE_MS = [2_200, 3_000] as const;
const FILLER = 'filler';
const SLACK_BYTES = 4 * 1024 * 1024;

async function hold(pids: readonly number[], { random }: Field): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await pause(random.between(...FREEZE_MS));
  for (const pid of [...pids].reverse()) signal(pid, 'SIGCONT');
}

/** Processes end by themselves between being found and being met, and frozen ones are ended by who misses them. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function restart(field: Field, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await field.platform.end(signal);
  await field.platform.up();
}

async function signalPostgres({ platform }: Field, name: 'SIGQUIT' | 'SIGKILL'): Promise<void> {
  for (const pid of await platform.postgres()) signal(pid, name);
}

async function restartDockerd({ dockerd, random }: Field, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await dockerd.end(signal);
  await pause(random.between(0, 1_000));
  await dockerd.up();
}

async function killHaproxy({ platform, outage }: Field): Promise<void> {
  for (const pid of await platform.haproxies()) outage({ kind: 'carrier', ...(await kill(pid)) });
}

async function killInstance({ platform, dockerd, app, outage, random }: Field): Promise<void> {
  const victims = [...(await instancesOf(platform, app)).values()];
  if (victims.length < 2) return;
  const victim = random.of(victims);
  const [found] = await dockerd.docker.listContainers({ filters: { label: [`teal.instance=${victim.instance}`] } });
  if (found === undefined) return;
  const { State } = await dockerd.docker.getContainer(found.Id).inspect();
  // The container's first process only hands signals on; its end is the instance's.
  if (State.Pid > 0) outage({ kind: 'instance', ...(await kill(State.Pid)), instance: victim.instance });
}

/** Fills a file system to its last block, and clears it again. */
async function fillDisk(folder: string, { random }: Field): Promise<void> {
  const file = join(folder, FILLER);
  try {
    const { bavail, bsize } = await statfs(folder);
    // All but a little at once: what others write meanwhile would make it fail as a whole.
    await command('fallocate', ['-l', String(Math.max(1, bavail * bsize - SLACK_BYTES)), file]).catch(() => '');
    await command('dd', ['if=/dev/zero', `of=${file}.rest`, 'bs=4k', 'status=none']).catch(() => '');
    await pause(random.between(1_000, 3_000));
  } finally {
    await rm(file, { force: true });
    await rm(`${file}.rest`, { force: true });
  }
}

export const FAULTS: Readonly<Record<string, (field: Field) => Promise<void>>> = {
  'Teal killed': (field) => restart(field, 'SIGKILL'),
  'Teal stopped': (field) => restart(field, 'SIGTERM'),
  'Teal frozen': (field) => hold([field.platform.pid], field),
  'HAProxy killed': killHaproxy,
  'supervisor killed': async ({ platform }) => {
    for (const pid of await platform.supervisors()) await kill(pid);
  },
  'supervisor frozen': async (field) => hold(await field.platform.supervisors(), field),
  'PostgreSQL stopped at once': (field) => signalPostgres(field, 'SIGQUIT'),
  'PostgreSQL killed': (field) => signalPostgres(field, 'SIGKILL'),
  'PostgreSQL frozen': async (field) => hold(await field.platform.postgres(true), field),
  'dockerd killed': (field) => restartDockerd(field, 'SIGKILL'),
  'dockerd restarted': (field) => restartDockerd(field, 'SIGTERM'),
  'instance killed': killInstance,
  'disk full': (field) => fillDisk(field.platform.dataDir, field),
  "Docker's disk full": (field) => fillDisk(field.dockerd.dataDir, field),
};
