/**
 * Limits each build of the Docker daemon by its control group: BuildKit takes no limits per build, but runs each step in a
 * group of its own below `docker/buildkit`. Limits nothing where that is not so.
 */
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface BuildLimits {
  memoryBytes: number;
  processes: number;
  /** Weight against an instance's 1024, when both want the processors. */
  cpuShares: number;
}

export interface RunningBuildLimits {
  /** Null when builds are limited, else why not, one sentence for people. */
  readonly trouble: string | null;
  close(): void;
}

const GROUPS = '/sys/fs/cgroup';
const PARENT = join('docker', 'buildkit');

interface Setting {
  controller: string;
  file: string;
  value: (limits: BuildLimits) => string;
}

/** Memory first: its bound together with swap must not be below it. */
const SETTINGS: readonly Setting[] = [
  { controller: 'memory', file: 'memory.limit_in_bytes', value: ({ memoryBytes }) => String(memoryBytes) },
  { controller: 'memory', file: 'memory.memsw.limit_in_bytes', value: ({ memoryBytes }) => String(memoryBytes) },
  { controller: 'pids', file: 'pids.max', value: ({ processes }) => String(processes) },
  { controller: 'cpu', file: 'cpu.shares', value: ({ cpuShares }) => String(cpuShares) },
];

/** `root`: where the groups are mounted. */
export async function limitBuilds(limits: BuildLimits, root = GROUPS): Promise<RunningBuildLimits> {
  const none = (trouble: string): RunningBuildLimits => ({ trouble, close: () => {} });
  if (process.getuid?.() !== 0) return none('only root can do that');
  const folders = new Map(SETTINGS.map(({ controller }) => [controller, join(root, controller, PARENT)]));
  for (const controller of folders.keys())
    if (!(await stat(join(root, controller, 'docker')).catch(() => null)))
      return none('this host’s control groups are not laid out as Docker’s cgroupfs driver does it in version 1');
  const watchers: FSWatcher[] = [];
  for (const [controller, folder] of folders) {
    await mkdir(folder, { recursive: true });
    const limit = (name: string) => void limitGroup({ folder: join(folder, name), controller, limits });
    const watcher = watch(folder, (_event, name) => name !== null && limit(name));
    watcher.on('error', () => {});
    watchers.push(watcher);
    for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) limit(entry.name);
  }
  return {
    trouble: null,
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function limitGroup(group: { folder: string; controller: string; limits: BuildLimits }): Promise<void> {
  for (const { controller, file, value } of SETTINGS) {
    if (controller !== group.controller) continue;
    // A step may have ended meanwhile; swap accounting may be off.
    await writeFile(join(group.folder, file), value(group.limits), { flag: 'r+' }).catch(() => {});
  }
}
