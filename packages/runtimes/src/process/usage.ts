/** CPU time and memory of the instances' processes, from /proc. Changes nothing. */
import { readFileSync } from 'node:fs';
import type { InstanceUsage } from '@teal/deployer';
import type { Layout } from './options.ts';
import { readRecords, sessionOf } from './record.ts';
import { pidsOfEach, type Session } from './session.ts';

/** Of the kernel's interface on every architecture that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

interface ProcessUsage {
  cpuSeconds: number;
  memoryBytes: number;
}

/** Its own time and that of the children it has waited for; null when it has ended. */
function usageOfPid(pid: number): ProcessUsage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { cpuSeconds: ticks / TICKS_PER_SECOND, memoryBytes: memoryOf(pid) };
  } catch {
    return null;
  }
}

/** Pages that several processes share count in parts that add up to the whole, where the kernel tells. */
function memoryOf(pid: number): number {
  const kib =
    /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`)) ??
    /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
  return Number(kib?.[1] ?? 0) * KIB;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

export async function usageOf(layout: Layout): Promise<InstanceUsage[]> {
  const records = (await readRecords(layout)).filter(({ exit }) => exit === null);
  const sessions = new Map<string, Session>();
  for (const record of records) {
    const session = sessionOf(record);
    if (session !== null) sessions.set(record.spec.instanceId, session);
  }
  const pids = pidsOfEach(sessions);
  return records.flatMap(({ spec: { instanceId, appId } }) => {
    const each = (pids.get(instanceId) ?? []).map(usageOfPid).filter((usage) => usage !== null);
    if (each.length === 0) return [];
    const sum = (read: (usage: ProcessUsage) => number) => each.reduce((total, usage) => total + read(usage), 0);
    const usage = { cpuSeconds: sum((one) => one.cpuSeconds), memoryBytes: sum((one) => one.memoryBytes) };
    // nothing limits an instance on this engine
    return [{ instanceId, appId, ...usage, memoryLimitBytes: null }];
  });
}
