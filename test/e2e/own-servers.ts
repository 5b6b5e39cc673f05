/** A PostgreSQL and a Redis of the operator's own for a test: on TCP, with passwords, and no superuser for Teal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findBinaries } from '../../packages/store/src/embedded/binaries.ts';
import { until } from '../conformance/until.ts';

/** Characters that a URL must escape, as generated passwords have them. */
const PASSWORD = 'p@ss:w/rd?#%';

type User = { uid: number; gid: number } | null;

/** PostgreSQL refuses root. */
async function ordinaryUser(): Promise<User> {
  if (process.getuid?.() !== 0) return null;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((text) => text.startsWith('nobody:')) ?? '';
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

async function run(file: string, args: string[], user: User): Promise<void> {
  const child = spawn(file, args, { ...user, cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

/** A connection of the superuser, or false while the server is starting up. */
async function tryConnect(where: { port: number; database: string }): Promise<pg.Client | false> {
  const client = new pg.Client({ host: '127.0.0.1', user: 'admin', password: PASSWORD, ...where });
  client.on('error', () => {});
  return client.connect().then(
    () => client,
    () => false,
  );
}

export interface OwnServers {
  databaseUrl: string;
  redisUrl: string;
  /** A connection of the superuser to Teal's database. */
  connect(): Promise<pg.Client>;
  /** Ends Redis without a word and starts it empty. */
  loseRedis(): Promise<void>;
  close(): Promise<void>;
}

async function makeCluster(folder: string, binaries: string, user: User): Promise<string> {
  const cluster = join(folder, 'cluster');
  const passwordFile = join(folder, 'password');
  await mkdir(cluster, { mode: 0o700 });
  await writeFile(passwordFile, PASSWORD);
  if (user !== null) for (const path of [cluster, passwordFile]) await chown(path, user.uid, user.gid);
  const auth = ['-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  await run(join(binaries, 'initdb'), ['-D', cluster, '-U', 'admin', ...auth, '--locale=C', '-E', 'UTF8', '-N'], user);
  return cluster;
}

async function startPostgres(folder: string, port: number): Promise<ChildProcess> {
  const user = await ordinaryUser();
  const binaries = await findBinaries(folder, user);
  const cluster = await makeCluster(folder, binaries, user);
  const settings = ['-h', '127.0.0.1', '-p', String(port), '-k', '', '-c', 'fsync=off'];
  const child = spawn(join(binaries, 'postgres'), ['-D', cluster, ...settings], {
    ...user,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: 'ignore',
  });
  await until('PostgreSQL listens', () => answers(port), 20_000);
  return child;
}

export async function startOwnServers(): Promise<OwnServers> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-own-'));
  await chmod(folder, 0o711);
  const [port, redisPort] = [await freePort(), await freePort()];
  const postgres = await startPostgres(folder, port);
  const open = (database: string) =>
    until('PostgreSQL takes connections', () => tryConnect({ port, database }), 20_000);
  const admin = await open('postgres');
  await admin.query(`create role teal login password ${pg.escapeLiteral(PASSWORD)}`);
  await admin.query('create database teal owner teal');
  await admin.end();

  const startRedis = async () => {
    const persist = ['--save', '', '--appendonly', 'no'];
    const args = ['--port', String(redisPort), '--bind', '127.0.0.1', '--requirepass', PASSWORD, ...persist];
    const child = spawn('redis-server', [...args, '--dir', folder], { stdio: 'ignore' });
    await until('Redis listens', () => answers(redisPort));
    return child;
  };
  let redis = await startRedis();
  const secret = encodeURIComponent(PASSWORD);
  return {
    databaseUrl: `postgres://teal:${secret}@127.0.0.1:${port}/teal?application_name=${randomUUID()}`,
    redisUrl: `redis://:${secret}@127.0.0.1:${redisPort}/3`,
    connect: () => open('teal'),
    async loseRedis() {
      await end(redis, 'SIGKILL');
      redis = await startRedis();
    },
    async close() {
      await end(redis, 'SIGKILL');
      await end(postgres, 'SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
