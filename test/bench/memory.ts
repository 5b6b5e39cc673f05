/** Samples the memory of a process and its descendants from /proc. Linux only. */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const SAMPLE_MS = 20;
const KIB = 1024;
const MIB = 1024 * KIB;
const SUPERVISOR = 'haproxy/supervisor/main.ts';

export interface Sample {
  /** Pages shared with other processes count by their share (PSS). */
  pssMib: number;
  /** Shared pages count in every process. */
  rssMib: number;
  /** PSS of HAProxy and its supervisor, which are processes of their own and not in the sums. */
  dataPlaneMib: number;
}

/** A process that has ended meanwhile reads as nothing. */
const read = (path: string) => readFile(path, 'utf8').catch(() => '');

async function childrenOf(pid: number): Promise<number[]> {
  const children = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter((text) => text !== '');
  return children.map(Number);
}

/** Null when it has ended. */
async function sessionOf(pid: number): Promise<string | null> {
  const stat = await read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] ?? null;
}

/** `pid` and what is below it in its session: the database, the Docker daemon and the router have one of their own. */
async function familyOf(pid: number, session: string | null): Promise<number[]> {
  const below = (await childrenOf(pid)).map(async (child) =>
    (await sessionOf(child)) === session ? familyOf(child, session) : [],
  );
  return [pid, ...(await Promise.all(below)).flat()];
}

/** HAProxy's supervisor, a child of the server that started it, and what is below it. */
async function dataPlaneOf(pid: number): Promise<number[]> {
  const families = (await childrenOf(pid)).map(async (child) =>
    (await read(`/proc/${child}/cmdline`)).includes(SUPERVISOR) ? familyOf(child, await sessionOf(child)) : [],
  );
  return (await Promise.all(families)).flat();
}

interface Size {
  pss: number;
  rss: number;
}

function sumOf(sizes: readonly Size[] | undefined, kind: keyof Size): number {
  return (sizes ?? []).reduce((total, size) => total + size[kind], 0) / MIB;
}

async function sizeOf(pid: number): Promise<Size> {
  const rollup = await read(`/proc/${pid}/smaps_rollup`);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * KIB;
  return { pss: field('Pss'), rss: field('Rss') };
}

export async function sampleMemory(pid: number): Promise<Sample> {
  const [own, apart] = await Promise.all([familyOf(pid, await sessionOf(pid)), dataPlaneOf(pid)]);
  const [sizes, apartSizes] = await Promise.all([own, apart].map((pids) => Promise.all(pids.map(sizeOf))));
  return { pssMib: sumOf(sizes, 'pss'), rssMib: sumOf(sizes, 'rss'), dataPlaneMib: sumOf(apartSizes, 'pss') };
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
