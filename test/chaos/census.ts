/** Counts what a platform has: rows, folders, processes, descriptors, memory, and what Docker has of it. Changes nothing. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import pg from 'pg';
import type { ChaosPlatform } from './platform.ts';

export type Counts = Record<string, number>;

const ROWS: Readonly<Record<string, string>> = {
  'instances not off': `select count(*) from instances where state <> 'off'`,
  'rows of instances': 'select count(*) from instances',
  deployments: 'select count(*) from deployments',
  'unfinished deployments': `select count(*) from deployments where state not in ('live', 'replaced', 'failed', 'cancelled')`,
  pushes: 'select count(*) from pushes',
  releases: 'select count(*) from releases',
  'releases without a deployment': `select count(*) from releases r
    where not exists (select from deployments d where d.release_id = r.id)`,
  'chunks of logs': 'select count(*) from log_chunks',
  'rows of images': 'select count(*) from images',
  'images without a release':
    'select count(*) from images i where not exists (select from releases r where r.image_id = i.id)',
  reservations: 'select count(*) from reservations',
  'reservations without an owner': `select count(*) from reservations where owner_id not in (select id from apps)
    and owner_id not in (select id from instances where state <> 'off')`,
  leases: 'select count(*) from leases',
  'unsent mails': `select count(*) from outbox where state = 'waiting'`,
};

/** What grows with the number of deployments on purpose, up to what is kept of them. */
export const HISTORY: readonly string[] = ['rows of instances', 'deployments', 'releases', 'chunks of logs', 'pushes'];

export async function takeCensus(platform: ChaosPlatform, docker: Docker | null): Promise<Counts> {
  const { dataDir } = platform;
  return {
    ...(await rows(dataDir)),
    descriptors: (await readdir(`/proc/${platform.pid}/fd`)).length,
    haproxies: (await platform.haproxies()).length,
    supervisors: (await platform.supervisors()).length,
    processes: await ownProcesses(dataDir),
    ...(docker === null ? await folders(join(dataDir, 'engine', 'process')) : await ofDocker(docker)),
    repositories: (await readdir(join(dataDir, 'repositories'))).length,
    refs: await refs(join(dataDir, 'repositories')),
    'run folder': (await readdir(join(dataDir, 'run')).catch(() => [])).length,
  };
}

/** Resident memory of Teal's process. */
export async function memoryMib(platform: ChaosPlatform): Promise<number> {
  const status = await readFile(`/proc/${platform.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}

async function rows(dataDir: string): Promise<Counts> {
  const client = new pg.Client({
    host: join(dataDir, 'postgres', 'socket'),
    port: 5432,
    user: 'teal',
    database: 'teal',
    options: '-c search_path=teal',
  });
  await client.connect();
  try {
    const counts: Counts = {};
    for (const [what, text] of Object.entries(ROWS)) {
      counts[what] = Number((await client.query<{ count: string }>(text)).rows[0]?.count ?? 0);
    }
    return counts;
  } finally {
    await client.end();
  }
}

async function folders(dir: string): Promise<Counts> {
  const entries = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const counted = entries.map(async ({ name }) => [`folder ${name}`, (await readdir(join(dir, name))).length] as const);
  return Object.fromEntries(await Promise.all(counted));
}

async function ofDocker(docker: Docker): Promise<Counts> {
  const isOurs = ({ Labels }: { Labels?: Record<string, string> }) => 'teal.app' in (Labels ?? {});
  return {
    containers: (await docker.listContainers({ all: true })).length,
    networks: (await docker.listNetworks()).filter(isOurs).length,
    images: (await docker.listImages()).filter(isOurs).length,
    volumes: ((await docker.listVolumes()).Volumes ?? []).length,
  };
}

async function refs(dir: string): Promise<number> {
  const all = await readdir(dir, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile() && /\.git\/refs\//.test(`${entry.parentPath}/`)).length;
}

/** Whose working directory lies in the data folder: instances, PostgreSQL, HAProxy. */
async function ownProcesses(dataDir: string): Promise<number> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(names.map((name) => readlink(`/proc/${name}/cwd`).catch(() => '')));
  return places.filter((place) => place.startsWith(`${dataDir}/`)).length;
}
