/**
 * CPU time and memory of containers: from the kernel's control groups, which takes a millisecond for each; from the daemon, which
 * takes a second, where those are out of reach (the daemon runs elsewhere, or Teal in a container of its own).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceUsage } from '@teal/deployer';
import type Docker from 'dockerode';
import { type DockerClient, orNull, QUICK_MS } from './client.ts';
import { LABEL, type Naming } from './naming.ts';

const GROUPS_DIR = '/sys/fs/cgroup';
const SECOND_NS = 1e9;
const SECOND_US = 1e6;
/** Questions to the daemon at a time. */
const ASKED_AT_ONCE = 32;

type Figures = Pick<InstanceUsage, 'cpuSeconds' | 'memoryBytes'>;
type Group = () => Promise<Figures>;

/** A container's control group; null where it cannot be found or read. */
interface Known {
  group: Group | null;
  memoryLimitBytes: number | null;
}

export type UsageReader = () => Promise<InstanceUsage[]>;

export function createUsageReader(client: DockerClient, naming: Naming, groupsDir = GROUPS_DIR): UsageReader {
  const { docker } = client;
  let known = new Map<string, Known>();

  async function meet(id: string): Promise<Known | null> {
    const info = await orNull(client.call(QUICK_MS, (abortSignal) => docker.getContainer(id).inspect({ abortSignal })));
    if (info === null) return null;
    const limit = info.HostConfig.Memory ?? 0;
    return { group: await findGroup(groupsDir, info.State.Pid, id), memoryLimitBytes: limit > 0 ? limit : null };
  }

  async function ask(id: string): Promise<Figures | null> {
    const stats = await orNull(
      client.call(QUICK_MS, () => docker.getContainer(id).stats({ stream: false, 'one-shot': true })),
    );
    return stats === null ? null : figuresOf(stats);
  }

  async function look({ Id: id, Labels: labels }: Docker.ContainerInfo): Promise<InstanceUsage | null> {
    const met = known.get(id) ?? (await meet(id));
    if (met === null) return null;
    known.set(id, met);
    // a group that cannot be read is that of a container which ends
    const figures = met.group === null ? await ask(id) : await met.group().catch(() => null);
    const [instanceId, appId] = [labels[LABEL.instance], labels[LABEL.app]];
    if (figures === null || instanceId === undefined || appId === undefined) return null;
    return { instanceId, appId, ...figures, memoryLimitBytes: met.memoryLimitBytes };
  }

  return async () => {
    const filters = JSON.stringify({ ...naming.ownFilter(), status: ['running', 'paused'] });
    const found = await client.call(QUICK_MS, (abortSignal) => docker.listContainers({ filters, abortSignal }));
    const instances = found.filter(({ Labels }) => LABEL.instance in Labels);
    const ids = new Set(instances.map(({ Id }) => Id));
    known = new Map([...known].filter(([id]) => ids.has(id)));
    const usages: (InstanceUsage | null)[] = [];
    for (let at = 0; at < instances.length; at += ASKED_AT_ONCE)
      usages.push(...(await Promise.all(instances.slice(at, at + ASKED_AT_ONCE).map(look))));
    return usages.filter((usage) => usage !== null);
  };
}

/** The control groups of a process, both versions; null unless they are the container's own and can be read. */
async function findGroup(groupsDir: string, pid: number, containerId: string): Promise<Group | null> {
  const lines = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const paths = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    // in another namespace of processes the number is somebody else's
    if (path?.includes(containerId)) for (const name of (controllers ?? '').split(',')) paths.set(name, path);
  }
  const [cpuacct, memory, unified] = [paths.get('cpuacct'), paths.get('memory'), paths.get('')];
  const group =
    cpuacct !== undefined && memory !== undefined
      ? () => readFirst(join(groupsDir, 'cpuacct', cpuacct), join(groupsDir, 'memory', memory))
      : unified !== undefined
        ? () => readSecond(join(groupsDir, unified))
        : null;
  if (group === null) return null;
  return group().then(
    () => group,
    () => null,
  );
}

/** Control groups of version 1. */
async function readFirst(cpuacct: string, memory: string): Promise<Figures> {
  const [usageNs, bytes, stat] = await Promise.all([
    readFile(join(cpuacct, 'cpuacct.usage'), 'utf8'),
    readFile(join(memory, 'memory.usage_in_bytes'), 'utf8'),
    readFile(join(memory, 'memory.stat'), 'utf8'),
  ]);
  return {
    cpuSeconds: Number(usageNs) / SECOND_NS,
    memoryBytes: withoutFiles(Number(bytes), fieldOf(stat, 'total_inactive_file')),
  };
}

/** Control groups of version 2. */
async function readSecond(group: string): Promise<Figures> {
  const [cpu, bytes, stat] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.stat'].map((name) => readFile(join(group, name), 'utf8')),
  );
  return {
    cpuSeconds: fieldOf(cpu ?? '', 'usage_usec') / SECOND_US,
    memoryBytes: withoutFiles(Number(bytes), fieldOf(stat ?? '', 'inactive_file')),
  };
}

function fieldOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** As `docker stats` counts: without files that were not used of late, which the kernel drops when memory is short. */
function withoutFiles(bytes: number, inactiveFiles: number): number {
  return Math.max(0, bytes - inactiveFiles);
}

/** Null for a container that has just ended: its answer is empty. */
function figuresOf({ cpu_stats: cpu, memory_stats: memory }: Docker.ContainerStats): Figures | null {
  if (memory.usage === undefined) return null;
  const stats = memory.stats as unknown as Record<string, number | undefined>;
  const inactiveFiles = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return { cpuSeconds: cpu.cpu_usage.total_usage / SECOND_NS, memoryBytes: withoutFiles(memory.usage, inactiveFiles) };
}
