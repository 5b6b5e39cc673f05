/** One run of the server: starts or adopts a postmaster, tells when it is ready, stops it. Restarts nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { RunAs } from './binaries.ts';
import { PORT, USER } from './cluster.ts';
import { POSTGRES_ENVIRONMENT } from './environment.ts';
import { clusterProcesses, runningPostmaster, servesCluster, signalProcess, waitGone } from './processes.ts';
import { trouble } from './trouble.ts';

/** Replaying a long log after a crash takes its time. */
const READY_DEADLINE_MS = 90_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Making the database copies a template, with a checkpoint before and after. */
const QUERY_TIMEOUT_MS = 60_000;
const CONNECT_PAUSE_MS = 10;
const CONNECT_PAUSE_MAX_MS = 200;
const FAST_STOP_MS = 20_000;
const IMMEDIATE_STOP_MS = 5_000;

export interface Place {
  folder: string;
  cluster: string;
  binaries: string;
  socketFolder: string;
  user: RunAs;
}

/** All settings stand on the command line, so that a newer Teal renews them without touching the cluster's files. */
function settings(place: Place): string[] {
  const values: Record<string, string> = {
    listen_addresses: '',
    port: String(PORT),
    unix_socket_directories: `"${place.socketFolder}"`,
    unix_socket_permissions: '0700',
    max_connections: '100',
    shared_buffers: '64MB',
    fsync: 'on',
    synchronous_commit: 'on',
    max_wal_size: '512MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // One file per weekday, begun anew a week later: the log cannot grow without end.
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgres-%a.log',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_truncate_on_rotation: 'on',
    log_line_prefix: '%m [%p] ',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** A new client for `database`; its errors are the caller's. Every value stands here: `pg` else asks PG* variables. */
export function makeClient(socketFolder: string, database: string): pg.Client {
  return new pg.Client({
    host: socketFolder,
    port: PORT,
    user: USER,
    password: '',
    database,
    ssl: false,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    application_name: 'teal-supervisor',
  });
}

/** Connects once; null when the server does not take connections (yet). */
export async function tryConnect(socketFolder: string, database = 'postgres'): Promise<pg.Client | null> {
  const client = makeClient(socketFolder, database);
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch {
    await client.end().catch(() => {});
    return null;
  }
}

/** Connects as soon as the server is ready; null when `pid` is gone, at the deadline, or aborted. Readiness has no event. */
export async function connectWhenReady(
  place: Place,
  pid: number,
  options: { deadlineMs?: number; signal?: AbortSignal } = {},
): Promise<pg.Client | null> {
  const end = Date.now() + (options.deadlineMs ?? READY_DEADLINE_MS);
  for (let pause = CONNECT_PAUSE_MS; ; pause = Math.min(pause * 2, CONNECT_PAUSE_MAX_MS)) {
    const client = await tryConnect(place.socketFolder);
    if (client !== null) return client;
    if (Date.now() > end || options.signal?.aborted || !servesCluster(pid, place.cluster)) return null;
    await sleep(pause);
  }
}

/** Clears what a killed postmaster left: its busy backends, which would hold up a new one, and a misleading pid file. */
async function clearLeftovers({ cluster }: Place): Promise<void> {
  const orphans = clusterProcesses(cluster);
  for (const pid of orphans) signalProcess(pid, 'SIGKILL');
  if (!(await waitGone(orphans, cluster, IMMEDIATE_STOP_MS))) throw trouble('processes of an earlier run do not end');
  // PostgreSQL refuses to start when the number in it is now any process of the same user.
  if (runningPostmaster(cluster) === null) await rm(join(cluster, 'postmaster.pid'), { force: true });
}

function spawnPostmaster(place: Place, logFile: string): ChildProcess {
  const log = openSync(logFile, 'w', 0o640);
  try {
    return spawn(join(place.binaries, 'postgres'), ['-D', place.cluster, ...settings(place)], {
      ...(place.user ?? {}),
      cwd: place.cluster,
      env: POSTGRES_ENVIRONMENT,
      // In a session of its own: Ctrl-C in the terminal is for Teal alone, which then stops it in order.
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Starts a postmaster on a cluster that nobody serves; returns its process and a first connection. */
export async function startPostmaster(place: Place): Promise<{ pid: number; client: pg.Client }> {
  await clearLeftovers(place);
  const logFile = join(place.folder, 'start.log');
  const child = spawnPostmaster(place, logFile);
  const failed = new Promise<unknown>((resolve) => child.once('error', resolve));
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw trouble('the server could not be started', await failed);
  const client = await connectWhenReady(place, pid);
  if (client !== null) return { pid, client };
  await stopPostmaster(place, pid);
  const said = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-3).join(' ');
  throw trouble(`the server did not come up; it said: ${said || 'nothing'} (more in ${place.cluster}/log)`);
}

/** Ends a postmaster: fast shutdown, then harder. Nothing committed is lost by any of these. */
export async function stopPostmaster({ cluster }: Place, pid: number): Promise<void> {
  const stages = [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ] as const;
  for (const [signal, waitMs] of stages) {
    if (!servesCluster(pid, cluster)) return;
    signalProcess(pid, signal);
    if (await waitGone([pid], cluster, waitMs)) return;
  }
}
