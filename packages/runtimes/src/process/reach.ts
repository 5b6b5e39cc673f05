/** Files and folders: who can reach them, and removing and copying them without following anybody's links. */
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { promisify } from 'node:util';
import { type RunAs, SYSTEM_PATH } from './options.ts';

const run = promisify(execFile);
const ENVIRONMENT = { PATH: SYSTEM_PATH, LC_ALL: 'C' };

/** The first folder on the way to `path`, itself included, that `user` cannot enter; null when there is none. */
export async function blockedFolder(path: string, user: RunAs): Promise<string | null> {
  if (user === null) return null;
  const parts = path.split(sep).filter((part) => part !== '');
  for (let depth = 0; depth <= parts.length; depth++) {
    const folder = sep + parts.slice(0, depth).join(sep);
    const { uid, gid, mode } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return folder;
  }
  return null;
}

/** Makes a folder and those above it, with exactly this mode whatever the umask; leaves existing ones above as they are. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  for (let folder = dirname(path); first !== undefined && folder.startsWith(first); folder = dirname(folder)) {
    await chmod(folder, 0o755);
  }
  await chmod(path, mode);
}

/** A folder that the apps' user owns. */
export async function makeOwnFolder(path: string, user: RunAs): Promise<void> {
  await makeFolder(path, 0o755);
  if (user !== null) await chown(path, user.uid, user.gid);
}

/** Removes whatever is there. Node's own removal could be led astray by links made while it works; `rm` cannot. */
export async function removeAll(path: string): Promise<void> {
  await run('rm', ['-rf', '--one-file-system', '--', path], { env: ENVIRONMENT });
}

/** Copies the content of `from` into `to`, sharing blocks where the file system can, as `user`. */
export async function copyInto(from: string, to: string, user: RunAs, signal?: AbortSignal): Promise<void> {
  const args = ['-a', '--reflink=auto', '--', `${from}/.`, `${to}/`];
  await run('cp', args, { env: ENVIRONMENT, signal, ...(user ?? {}) });
}
