/** Samples the memory of a process and its descendants from /proc. Linux only. */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const SAMPLE_MS = 20;
const KIB = 1024;
const MIB = 1024 * KIB;

export interface Sample {
  /** Pages shared with other processes count by their share (PSS). */
  pssMib: number;
  /** Shared pages count in every process. */
  rssMib: number;
  /** Command → its PSS. */
  byCommand: Readonly<Record<string, number>>;
}

/** A process that has ended meanwhile reads as nothing. */
const read = (path: string) => readFile(path, 'utf8').catch(() => '');

async function childrenOf(pid: number): Promise<number[]> {
  const children = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter((text) => text !== '');
  return children.map(Number);
}

/** Those of `pid` and below whose command `counts`; one that does not count hides what is below it. */
async function familyOf(
  pid: number,
  counts: (command: string) => boolean,
): Promise<{ pid: number; command: string }[]> {
  const below = await Promise.all(
    (await childrenOf(pid)).map(async (child) => {
      const command = (await read(`/proc/${child}/comm`)).trim();
      return counts(command) ? [{ pid: child, command }, ...(await familyOf(child, counts))] : [];
    }),
  );
  return below.flat();
}

async function sizeOf(pid: number): Promise<{ pss: number; rss: number }> {
  const rollup = await read(`/proc/${pid}/smaps_rollup`);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * KIB;
  return { pss: field('Pss'), rss: field('Rss') };
}

/** The database is left out: it is no part of what a push takes. */
const isCounted = (command: string) => command !== 'postgres';

export async function sampleMemory(pid: number): Promise<Sample> {
  const family = [{ pid, command: 'server' }, ...(await familyOf(pid, isCounted))];
  const sizes = await Promise.all(family.map((member) => sizeOf(member.pid)));
  const byCommand: Record<string, number> = {};
  family.forEach(({ command }, at) => {
    byCommand[command] = (byCommand[command] ?? 0) + (sizes[at]?.pss ?? 0) / MIB;
  });
  const sum = (pick: 'pss' | 'rss') => sizes.reduce((total, size) => total + size[pick], 0) / MIB;
  return { pssMib: sum('pss'), rssMib: sum('rss'), byCommand };
}

/** The sample with the highest PSS while `act` runs, one every 20 ms. */
export async function peakWhile<T>(
  pid: number,
  act: () => Promise<T>,
): Promise<{ peak: Sample; samples: number; done: T }> {
  let peak = await sampleMemory(pid);
  let samples = 1;
  let running = true;
  const acting = act().finally(() => {
    running = false;
  });
  acting.catch(() => {});
  while (running) {
    const beganAt = performance.now();
    const sample = await sampleMemory(pid);
    samples += 1;
    if (sample.pssMib > peak.pssMib) peak = sample;
    await pause(Math.max(0, SAMPLE_MS - (performance.now() - beganAt)));
  }
  return { peak, samples, done: await acting };
}
