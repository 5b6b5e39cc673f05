/** What processes cost: CPU time and memory from /proc, and which core they may use. Linux only. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** The unit of /proc/PID/stat on Linux. */
const TICK_MS = 10;

/** What the process has used of any core since it began. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

/** All threads of the process, on this core only. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)], { stdio: 'ignore' });
}

/** Processes of this executable that work in `dir` or below, or were started with a path there. */
export async function processesIn(dir: string, command: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // Node's main thread has given the process another name.
    const executable = await readlink(`/proc/${name}/exe`).catch(() => '');
    if (basename(executable) !== command) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (cwd.startsWith(dir) || line.includes(dir)) found.push(Number(name));
  }
  return found;
}
