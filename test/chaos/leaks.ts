/** What many deployments leave behind: counted before and after, on engine process. Kills nothing. */
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { until } from '../conformance/until.ts';
import { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';
import { ChaosPlatform } from './platform.ts';

export interface LeakReport {
  deployments: number;
  /** Kinds of things of which there are more than history explains. */
  leaks: number;
  before: Counts;
  after: Counts;
}

type Counts = Record<string, number>;

const APP = 'leaks';
/** The first ones fill what is kept on purpose: images of five releases, pools of connections. */
const WARM_UP = 12;
/** Connections and files come and go. */
const TOLERANCE: Counts = { descriptors: 12, processes: 2 };

export async function runLeaks(options: {
  deployments: number;
  signal: AbortSignal;
  say(line: string): void;
}): Promise<LeakReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'teal-leaks-'));
  const logFile = join(tmpdir(), `teal-leaks-${process.pid}.log`);
  const environment = { TEAL_ROUTER: 'haproxy' };
  const platform = await ChaosPlatform.start({ engine: 'process', dataDir, logFile, environment });
  const repository = await (async () => {
    await platform.createApp(APP, { gateDeadlineMs: 20_000 });
    return Repository.create(platform.gitUrl(APP));
  })();
  try {
    await repository.commit('v1', appSource({ version: 'v1' }));
    await repository.push();
    await deploy(platform, WARM_UP, options);
    const before = await count(platform);
    options.say(`before: ${JSON.stringify(before)}`);
    const deployments = await deploy(platform, options.deployments, options);
    const after = await count(platform);
    const leaks = Object.keys(after).filter(
      (kind) => (after[kind] ?? 0) > (before[kind] ?? 0) + (TOLERANCE[kind] ?? 0),
    );
    options.say(`after: ${JSON.stringify(after)}`);
    return { deployments, leaks: leaks.length, before, after };
  } finally {
    await platform.deleteApps();
    await platform.down();
    await repository.remove();
    await rm(dataDir, { recursive: true, force: true });
    await rm(logFile, { force: true });
  }
}

/** By redeploy and revive in turn; at rest when it resolves. */
async function deploy(
  platform: ChaosPlatform,
  count: number,
  { signal, say }: { signal: AbortSignal; say(line: string): void },
): Promise<number> {
  let done = 0;
  for (; done < count && !signal.aborted; done += 1) {
    const what = done % 2 === 0 ? 'redeploy' : 'start-last-pushed-commit';
    const { status, body } = await platform.call('POST', `/apps/${APP}/${what}`, {});
    if (status >= 400) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
    await platform.reached(APP, ['live', 'failed', 'cancelled']);
    if (done % 100 === 99) say(`${done + 1} deployments`);
  }
  const settled = async () => {
    const { pools } = await platform.app(APP);
    return [pools.blue, pools.green].every((pool) => (pool?.instances.length ?? 0) <= 1);
  };
  await until('one instance of each colour is left', settled, 60_000);
  return done;
}

async function count(platform: ChaosPlatform): Promise<Counts> {
  const { dataDir } = platform;
  const client = new pg.Client({
    host: join(dataDir, 'postgres', 'socket'),
    port: 5432,
    user: 'teal',
    database: 'teal',
    options: '-c search_path=teal',
  });
  await client.connect();
  const rows = async (text: string) => Number((await client.query<{ count: string }>(text)).rows[0]?.count ?? 0);
  const counts: Counts = {
    instances: await rows(`select count(*) from instances where state <> 'off'`),
    images: await rows('select count(*) from images'),
    reservations: await rows('select count(*) from reservations'),
    leases: await rows('select count(*) from leases'),
    'unsent mails': await rows(`select count(*) from outbox where state = 'waiting'`),
    'unfinished deployments': await rows(
      `select count(*) from deployments where state not in ('live', 'replaced', 'failed', 'cancelled')`,
    ),
    descriptors: (await readdir(`/proc/${platform.pid}/fd`)).length,
    haproxies: (await platform.haproxies()).length,
    supervisors: (await platform.supervisors()).length,
    processes: await ownProcesses(dataDir),
    ...(await folders(join(dataDir, 'engine', 'process'))),
    repositories: (await readdir(join(dataDir, 'repositories'))).length,
    'run folder': (await readdir(join(dataDir, 'run')).catch(() => [])).length,
  };
  await client.end();
  return counts;
}

async function folders(dir: string): Promise<Counts> {
  const entries = await readdir(dir, { withFileTypes: true });
  const counted = entries
    .filter((entry) => entry.isDirectory())
    .map(async (entry) => {
      return [`folder ${entry.name}`, (await readdir(join(dir, entry.name))).length] as const;
    });
  return Object.fromEntries(await Promise.all(counted));
}

/** Whose working directory lies in the data folder: instances, PostgreSQL, HAProxy. */
async function ownProcesses(dataDir: string): Promise<number> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(names.map((name) => readlink(`/proc/${name}/cwd`).catch(() => '')));
  return places.filter((place) => place.startsWith(`${dataDir}/`)).length;
}
