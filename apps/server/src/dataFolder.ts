/** The data folder: one Teal at a time, and always the same database. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TealError } from '@teal/core';

export interface DataFolder {
  dir: string;
  repositoriesDir: string;
  mailboxDir: string;
  engineDir: string;
  accessLogDir: string;
  /** What HAProxy and its supervisor keep. */
  routerDir: string;
  postgresDir: string;
  stateDir: string;
  /** The key that secrets are sealed with, unless the configuration gives one. */
  secretKeyFile: string;
  /** What the SSH port proves itself with. */
  hostKeyFile: string;
  /** For unix sockets: short enough for their 107 bytes. */
  runtimeDir: string;
  /** Throws when this folder has belonged to another database before. */
  claimPlatform(platformId: string): Promise<void>;
  release(): Promise<void>;
}

const PLATFORM_FILE = 'platform-id';
const SOCKET_PATH_MAX = 107;
const SOCKET_NAME_MAX = 24;

/** The platform that the folder belongs to; null where no Teal has been before. */
export async function platformOf(dir: string): Promise<string | null> {
  const text = await readFile(join(dir, PLATFORM_FILE), 'utf8').catch(() => '');
  return text.trim() || null;
}

/** Creates and locks the folder. Throws `data_folder_in_use`. */
export async function openDataFolder(dir: string): Promise<DataFolder> {
  const path = (name: string) => join(dir, name);
  await mkdir(dir, { recursive: true, mode: 0o755 });
  // Builds and PostgreSQL run as other users and must pass through; what is secret has its own mode.
  await chmod(dir, 0o755);
  const lockFile = path('teal.pid');
  await lock(lockFile, dir);
  for (const name of ['repositories', 'mailbox', 'state']) await mkdir(path(name), { recursive: true, mode: 0o700 });
  await mkdir(path('engine'), { recursive: true, mode: 0o755 });
  return {
    dir,
    repositoriesDir: path('repositories'),
    mailboxDir: path('mailbox'),
    engineDir: path('engine'),
    accessLogDir: path('access-log'),
    routerDir: path('haproxy'),
    postgresDir: path('postgres'),
    stateDir: path('state'),
    secretKeyFile: path('secret-key'),
    hostKeyFile: path('ssh-host-key'),
    runtimeDir: await runtimeDir(dir),
    claimPlatform: (platformId) => claimPlatform(path(PLATFORM_FILE), dir, platformId),
    release: () => rm(lockFile, { force: true }),
  };
}

async function runtimeDir(dir: string): Promise<string> {
  const near = join(dir, 'run');
  const short = near.length + SOCKET_NAME_MAX <= SOCKET_PATH_MAX;
  const chosen = short ? near : join(tmpdir(), `teal-${randomUUID().slice(0, 8)}`);
  await mkdir(chosen, { recursive: true, mode: 0o700 });
  return chosen;
}

/** The start time tells a process from a later one with the same number. */
async function processIdentity(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return `${pid} ${fields[19]}`;
}

async function lock(file: string, folder: string): Promise<void> {
  const mine = await processIdentity(process.pid);
  for (let round = 0; round < 3; round += 1) {
    try {
      return await writeFile(file, `${mine}\n`, { flag: 'wx', mode: 0o644 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = (await readFile(file, 'utf8').catch(() => '')).trim();
    const pid = Number(owner.split(' ')[0]);
    if (owner !== '' && (await processIdentity(pid)) === owner)
      throw new TealError('data_folder_in_use', { pid, folder });
    await rm(file, { force: true });
  }
  throw new TealError('data_folder_in_use', { pid: '?', folder });
}

/** Repositories here without rows there would look like leftovers and be removed: so a foreign database is refused. */
async function claimPlatform(file: string, dir: string, platformId: string): Promise<void> {
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (known === platformId) return;
  if (known !== '') {
    throw new TealError('configuration_invalid', {
      detail: `  The data folder ${dir} belongs to platform ${known}, but the database is of ${platformId}. Use the database it was made with, or another folder.`,
    });
  }
  await writeFile(file, `${platformId}\n`, { mode: 0o644 });
}
