/** Tells, from /proc, which processes serve a cluster; a process number alone proves nothing. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;

/** True when `pid` is a live postgres whose current folder is `cluster`: each of its processes stays there. */
export function servesCluster(pid: number, cluster: string): boolean {
  try {
    const exe = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return /\/postgres$/.test(exe) && readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    return false;
  }
}

/** The folder of the executable that `pid` runs, or null. */
export function executableFolder(pid: number): string | null {
  try {
    return dirname(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return null;
  }
}

/** Every process of the cluster, the postmaster included. */
export function clusterProcesses(cluster: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => servesCluster(pid, cluster));
}

/** The postmaster that runs on `cluster` now, or null: its pid file may be stale. */
export function runningPostmaster(cluster: string): number | null {
  try {
    const pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
    return Number.isInteger(pid) && pid > 1 && servesCluster(pid, cluster) ? pid : null;
  } catch {
    return null;
  }
}

/** Sends `signal`; false when the process is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits until none of them serves the cluster any more; false at the deadline. Strangers' exits have no event. */
export async function waitGone(pids: readonly number[], cluster: string, deadlineMs: number): Promise<boolean> {
  const end = Date.now() + deadlineMs;
  while (pids.some((pid) => servesCluster(pid, cluster))) {
    if (Date.now() > end) return false;
    await sleep(LOOK_AGAIN_MS);
  }
  return true;
}
