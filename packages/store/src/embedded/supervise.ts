/** Keeps one embedded PostgreSQL running while the platform runs; knows nothing of what is stored in it. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findBinaries } from './binaries.ts';
import { ensureCluster, makeDataFolder, makeSocketFolder, PORT, USER } from './cluster.ts';
import { lockFolder } from './lock.ts';
import { connectWhenReady, type Place, startPostmaster, stopPostmaster } from './postmaster.ts';
import { executableFolder, runningPostmaster, servesCluster } from './processes.ts';
import { trouble } from './trouble.ts';

const DATABASE = 'teal';
const RESTART_PAUSE_MS = 100;
const RESTART_PAUSE_MAX_MS = 10_000;
const ADOPT_DEADLINE_MS = 30_000;

export interface EmbeddedOptions {
  /** A folder of its own, made when missing. The folders above it must let `runAs` pass. */
  dataDir: string;
  /** The system user it runs as; required as root, which PostgreSQL refuses to run as. */
  runAs?: { uid: number; gid: number } | null;
  /** One line for the platform's log. */
  log: (line: string) => void;
}

export interface EmbeddedConnection {
  /** The folder of the unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
}

export interface EmbeddedPostgres {
  connection: EmbeddedConnection;
  /** The server's process now; it changes when the supervisor has started it again. */
  pid(): number;
  /** True when this start found it running, left by a Teal that was killed. */
  readonly adopted: boolean;
  /** Stops the server in order and gives the folder free. A second call waits for the first. */
  stop(): Promise<void>;
}

async function preparePlace(options: EmbeddedOptions, folder: string): Promise<Place> {
  const user = options.runAs ?? null;
  const binaries = await findBinaries(folder, user);
  const cluster = await ensureCluster(folder, binaries, user);
  return { folder, cluster, binaries, socketFolder: await makeSocketFolder(folder, user), user };
}

/** The server left running by a killed Teal, with a connection; null when there is none or it does not answer. */
async function adoptPostmaster(place: Place): Promise<{ pid: number; client: pg.Client } | null> {
  const pid = runningPostmaster(place.cluster);
  if (pid === null) return null;
  // One from other binaries (an older Teal's, or a copy that is gone) would miss the libraries it loads later.
  const isCurrent = executableFolder(pid) === (await realpath(place.binaries));
  const client = isCurrent ? await connectWhenReady(place, pid, { deadlineMs: ADOPT_DEADLINE_MS }) : null;
  if (client !== null) return { pid, client };
  await stopPostmaster(place, pid);
  return null;
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
  if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(DATABASE)}`);
}

/** Resolves when the connection ends: an idle backend leaves at once when its postmaster dies, child of ours or not. */
function connectionEnd(client: pg.Client, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    client.once('end', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

interface Run {
  place: Place;
  log: (line: string) => void;
  pid: number;
}

/** A connection to the server, whatever has become of it: the same one, or one started anew. */
async function recover(run: Run, signal: AbortSignal): Promise<pg.Client | null> {
  for (let pause = RESTART_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, RESTART_PAUSE_MAX_MS)) {
    if (servesCluster(run.pid, run.place.cluster)) {
      const client = await connectWhenReady(run.place, run.pid, { signal });
      if (client !== null) return client;
    }
    try {
      run.log('PostgreSQL has ended; starting it again');
      const { pid, client } = await startPostmaster(run.place);
      run.pid = pid;
      run.log(`PostgreSQL is back (process ${pid})`);
      return client;
    } catch (error) {
      run.log(`PostgreSQL could not be started again: ${error instanceof Error ? error.message : error}`);
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }
  return null;
}

/** Watches over the server until `signal` aborts; never rejects. */
async function superviseServer(run: Run, first: pg.Client, signal: AbortSignal): Promise<void> {
  let client: pg.Client | null = first;
  while (client !== null) {
    await connectionEnd(client, signal);
    await client.end().catch(() => {});
    if (signal.aborted) return;
    client = await recover(run, signal);
  }
}

/**
 * Starts PostgreSQL on `dataDir` (making it the first time), or adopts the one a killed Teal left there, and keeps it
 * running. Throws `data_folder_in_use` while another owner lives, else `database_unavailable`.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  if (process.getuid?.() === 0 && (options.runAs ?? null) === null) {
    throw trouble('PostgreSQL does not run as root, and no other user was given');
  }
  await makeDataFolder(resolve(options.dataDir), options.runAs ?? null);
  const folder = await realpath(options.dataDir);
  const lock = await lockFolder(folder);
  try {
    const place = await preparePlace(options, folder);
    const adopted = await adoptPostmaster(place);
    const { pid, client } = adopted ?? (await startPostmaster(place));
    options.log(
      `PostgreSQL ${adopted === null ? 'started' : 'adopted'} (process ${pid}, socket in ${place.socketFolder})`,
    );
    await ensureDatabase(client).catch(async (error: unknown) => {
      await stopPostmaster(place, pid);
      throw error;
    });
    const run: Run = { place, log: options.log, pid };
    const shutdown = new AbortController();
    const supervision = superviseServer(run, client, shutdown.signal);
    const stopOnce = async () => {
      shutdown.abort();
      await supervision;
      await stopPostmaster(place, run.pid);
      await lock.release();
    };
    let stopping: Promise<void> | null = null;
    return {
      connection: { host: place.socketFolder, port: PORT, user: USER, database: DATABASE },
      pid: () => run.pid,
      adopted: adopted !== null,
      stop: () => (stopping ??= stopOnce()),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
