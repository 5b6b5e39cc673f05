/** What many deployments leave behind: counted before and after, and once the app is deleted. Kills nothing. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { until } from '../conformance/until.ts';
import { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';
import { type Counts, HISTORY, memoryMib, takeCensus } from './census.ts';
import { OwnDockerd, SUBNETS } from './dockerd.ts';
import { ChaosPlatform } from './platform.ts';

export interface LeakReport {
  deployments: number;
  /** Kinds of things of which there are more than history explains. */
  leaks: number;
  leaked: readonly string[];
  before: Counts;
  after: Counts;
  /** Once the app was deleted. */
  deleted: Counts;
  /** Of Teal's process, ten times over the run. */
  memory_mib: readonly number[];
}

interface LeakOptions {
  engine: 'process' | 'docker';
  deployments: number;
  signal: AbortSignal;
  logDir: string;
  say(line: string): void;
}

const APP = 'leaks';
/** The first ones fill what is kept on purpose: images of five releases, pools of connections. */
const WARM_UP = 12;
/** Connections and files come and go. */
const TOLERANCE: Counts = { descriptors: 12, processes: 2 };
/** What an app that is gone may leave: nothing of its own. */
const NOT_OF_APPS = /^(descriptors|haproxies|supervisors|processes|folder|run folder)/;
/** A heap that grows until it is collected looks like this much; what leaks goes on beyond. */
const MEMORY_GROWTH = 1.6;

export async function runLeaks(options: LeakOptions): Promise<LeakReport> {
  const dir = await mkdtemp(join(tmpdir(), 'teal-leaks-'));
  await chmod(dir, 0o755);
  const undo: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const environment: Record<string, string> = { TEAL_ROUTER: 'haproxy', TEAL_SUBNETS: SUBNETS };
    let docker: Docker | null = null;
    if (options.engine === 'docker') {
      const dockerd = await OwnDockerd.start({ dir: join(dir, 'docker'), disk: '3g' });
      undo.push(() => dockerd.destroy());
      docker = dockerd.docker;
      environment.TEAL_DOCKER_SOCKET = dockerd.socketPath;
    }
    const logFile = join(options.logDir, 'platform.log');
    const dataDir = join(dir, 'data');
    const platform = await ChaosPlatform.start({ engine: options.engine, dataDir, logFile, environment });
    undo.push(() => platform.down());
    return await countAround(platform, docker, options);
  } finally {
    for (const step of undo.reverse()) await step().catch((error) => options.say(`clearing up: ${error}`));
  }
}

async function countAround(platform: ChaosPlatform, docker: Docker | null, options: LeakOptions): Promise<LeakReport> {
  const { say } = options;
  await platform.createApp(APP, { gateDeadlineMs: 20_000 });
  const repository = await Repository.create(platform.gitUrl(APP));
  try {
    await deploy(platform, repository, { ...options, deployments: WARM_UP });
    const before = await takeCensus(platform, docker);
    say(`before: ${JSON.stringify(before)}`);
    const { done, memory } = await deploy(platform, repository, options);
    const isAtRest = async () => more(before, await takeCensus(platform, docker)).length === 0;
    await until('there is no more than before', isAtRest, 30_000).catch((error) => say(String(error)));
    const after = await takeCensus(platform, docker);
    say(`after: ${JSON.stringify(after)}`);
    await platform.deleteApps();
    let deleted = await takeCensus(platform, docker);
    // The rows go last.
    const isGone = async () => {
      deleted = await takeCensus(platform, docker);
      return remains(deleted).length === 0;
    };
    await until('nothing of the app is left', isGone, 30_000).catch((error) => say(String(error)));
    say(`deleted: ${JSON.stringify(deleted)}`);
    const leaked = [...more(before, after), ...remains(deleted), ...grown(memory)];
    return { deployments: done, leaks: leaked.length, leaked, before, after, deleted, memory_mib: memory };
  } finally {
    await repository.remove();
  }
}

function more(before: Counts, after: Counts): string[] {
  const kinds = Object.keys(after).filter((kind) => !HISTORY.includes(kind));
  return kinds.filter((kind) => (after[kind] ?? 0) > (before[kind] ?? 0) + (TOLERANCE[kind] ?? 0));
}

function remains(deleted: Counts): string[] {
  const left = Object.entries(deleted).filter(([kind, count]) => !NOT_OF_APPS.test(kind) && count > 0);
  return left.map(([kind]) => `${kind}, with the app deleted`);
}

/** The second third of the run has what warms up behind it. */
function grown(memory: readonly number[]): string[] {
  const third = Math.floor(memory.length / 3);
  const least = (values: readonly number[]) => Math.min(...values);
  if (third < 2) return [];
  const [middle, last] = [least(memory.slice(third, -third)), least(memory.slice(-third))];
  return last > middle * MEMORY_GROWTH ? [`memory: from ${middle} to ${last} MiB`] : [];
}

/** Pushes, redeploys and revives in turn; at rest when it resolves. */
async function deploy(
  platform: ChaosPlatform,
  repository: Repository,
  { deployments, signal, say }: LeakOptions,
): Promise<{ done: number; memory: number[] }> {
  let done = 0;
  const memory: number[] = [];
  const share = Math.ceil(deployments / 10);
  for (; done < deployments && !signal.aborted; done += 1) {
    if (done % 4 < 2) await push(repository, done);
    else await ask(platform, done % 4 === 2 ? 'redeploy' : 'start-last-pushed-commit');
    if (done % share === share - 1) {
      memory.push(await memoryMib(platform));
      say(`${done + 1} deployments, ${memory.at(-1)} MiB`);
    }
  }
  const settled = async () => {
    const { pools } = await platform.app(APP);
    return [pools.blue, pools.green].every((pool) => (pool?.instances.length ?? 0) <= 1);
  };
  await until('one instance of each colour is left', settled, 60_000);
  return { done, memory };
}

async function push(repository: Repository, number: number): Promise<void> {
  const version = `v${number}-${Date.now()}`;
  await repository.commit(version, appSource({ version }));
  const { stderr } = await repository.push();
  if (!stderr.includes(' is live at ')) throw new Error(`a push did not go live\n${stderr}`);
}

async function ask(platform: ChaosPlatform, what: string): Promise<void> {
  const { status, body } = await platform.call('POST', `/apps/${APP}/${what}`, {});
  if (status >= 400) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  await platform.reached(APP, ['live', 'failed', 'cancelled']);
}
