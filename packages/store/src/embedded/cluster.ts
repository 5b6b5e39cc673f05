/** The folders of the embedded server on disk: the cluster, made whole or not at all, and its socket's folder. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { blockedFolder, type RunAs } from './binaries.ts';
import { POSTGRES_ENVIRONMENT } from './environment.ts';
import { trouble } from './trouble.ts';

/** The superuser and the database that Teal uses. */
export const USER = 'teal';
export const PORT = 5432;
const SOCKET_PATH_MAX_BYTES = 106;
const INITDB_DEADLINE_MS = 120_000;

/** Makes a folder that only `user` may enter, or takes the one that is there if it is such a folder. */
async function makeOwnFolder(path: string, user: RunAs): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const uid = user?.uid ?? process.getuid?.() ?? 0;
  const found = await lstat(path);
  // Below a shared folder somebody else could have made it first, to listen in our place.
  if (!found.isDirectory() || (found.uid !== uid && found.uid !== process.getuid?.())) {
    throw trouble(`${path} belongs to somebody else; remove it`);
  }
  if (user !== null) await chown(path, user.uid, user.gid);
  await chmod(path, 0o700);
}

/** The folder of the socket: below `folder` where its path is short enough, else the same short one at every start. */
export async function makeSocketFolder(folder: string, user: RunAs): Promise<string> {
  const near = join(folder, 'socket');
  const isShort = Buffer.byteLength(join(near, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_MAX_BYTES;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  const path = isShort ? near : join(process.getuid?.() === 0 ? '/run' : tmpdir(), `teal-${digest}`);
  await makeOwnFolder(path, user);
  return path;
}

/** Makes the folder of everything, and checks that PostgreSQL's user can get there. */
export async function makeDataFolder(folder: string, user: RunAs): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  // Whatever the umask: those made here must let PostgreSQL's user pass.
  for (let made = folder; first !== undefined && made.startsWith(first); made = dirname(made)) await chmod(made, 0o755);
  const blocked = await blockedFolder(folder, user);
  if (blocked === null) return;
  throw trouble(
    `the user PostgreSQL runs as (uid ${user?.uid}) cannot enter ${blocked} on the way to ${folder}; choose a data folder elsewhere, for instance /var/lib/teal, or allow it with "chmod o+x ${blocked}"`,
  );
}

function runInitdb(binaries: string, target: string, user: RunAs): Promise<void> {
  const args = ['--auth-local=trust', '--auth-host=reject', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return new Promise((resolve, reject) => {
    const child = spawn(join(binaries, 'initdb'), ['-D', target, '-U', USER, ...args, '--locale=C', '-E', 'UTF8'], {
      ...(user ?? {}),
      cwd: target,
      env: POSTGRES_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INITDB_DEADLINE_MS,
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-4_096);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (cause) => reject(trouble('initdb could not be started', cause)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(trouble(`initdb failed: ${output.trim().slice(-500)}`));
    });
  });
}

async function checkVersion(cluster: string, binaries: string): Promise<void> {
  const had = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  const catalogue = await readFile(join(binaries, '../share/postgresql/postgres.bki'), 'latin1');
  const have = /^# PostgreSQL (\d+)/.exec(catalogue)?.[1];
  if (have !== undefined && have !== had) {
    throw trouble(
      `${cluster} is of PostgreSQL ${had}, and this Teal brings ${have}; start the Teal that made it and dump the database`,
    );
  }
}

/** The cluster's folder; the first time it is made beside its place and moved there when complete. */
export async function ensureCluster(folder: string, binaries: string, user: RunAs): Promise<string> {
  const cluster = join(folder, 'cluster');
  for (const name of await readdir(folder)) {
    if (name.startsWith('cluster.new-')) await rm(join(folder, name), { recursive: true, force: true });
  }
  if (existsSync(join(cluster, 'PG_VERSION'))) {
    await checkVersion(cluster, binaries);
    return cluster;
  }
  const fresh = join(folder, `cluster.new-${randomBytes(4).toString('hex')}`);
  await makeOwnFolder(fresh, user);
  await runInitdb(binaries, fresh, user);
  await rename(fresh, cluster);
  return cluster;
}
