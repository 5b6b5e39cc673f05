/** Finds and kills processes of the platform under test: instances and HAProxy. Kills nothing of anybody else. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import Docker from 'dockerode';
import { until } from '../conformance/until.ts';
import type { PlatformClient } from '../e2e/client.ts';
import { nowMs } from './clock.ts';

export interface About {
  instance: string;
  /** As the instance sees itself. */
  pid: number;
  startedAt: number;
}

/** When the process was surely alive, and when it was surely dead. */
export interface Death {
  from: number;
  to: number;
}

const DEADLINE_MS = 60_000;
const ASKED = 20;

/** The instances that answer for the app, by asking often enough to meet each. */
export async function instancesOf(platform: PlatformClient, app: string): Promise<Map<string, About>> {
  const found = new Map<string, About>();
  for (let i = 0; i < ASKED; i += 1) {
    const { status, text } = await platform.get(app, '/about');
    if (status !== 200) continue;
    const about = JSON.parse(text) as About;
    found.set(about.instance, about);
  }
  return found;
}

/** Waits until `count` instances answer, `killed` among them only if it was started again. */
export function allBack(platform: PlatformClient, app: string, count: number, killed: About): Promise<unknown> {
  const look = async () => {
    const found = await instancesOf(platform, app);
    return found.size >= count && found.get(killed.instance)?.startedAt !== killed.startedAt;
  };
  return until(`${count} instances of ${app} answer again`, look, DEADLINE_MS);
}

export async function killInstance(about: About, engine: 'docker' | 'process'): Promise<Death> {
  return kill(engine === 'docker' ? await containerPid(about.instance) : about.pid);
}

/** The host's pid of the container's first process: dockerd then sees a crash, not a stop. */
async function containerPid(instance: string): Promise<number> {
  const docker = new Docker();
  const [container] = await docker.listContainers({ filters: { label: [`teal.instance=${instance}`] } });
  if (container === undefined) throw new Error(`no container runs for ${instance}`);
  return (await docker.getContainer(container.Id).inspect()).State.Pid;
}

/** The HAProxy processes that work in the platform's data folder. */
export async function haproxyPids(dataDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const isOurs = async (pid: number) => {
    const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (command !== 'haproxy\n') return false;
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    return folder.startsWith(`${dataDir}/`);
  };
  const ours = await Promise.all(pids.map(isOurs));
  return pids.filter((_, i) => ours[i]);
}

/** SIGKILL; resolves once the last of its threads is dead: each may still accept a connection, and their sockets close with the last. */
export async function kill(pid: number): Promise<Death> {
  const from = nowMs();
  process.kill(pid, 'SIGKILL');
  while (await isAlive(pid)) {
    if (nowMs() - from > DEADLINE_MS) throw new Error(`process ${pid} does not die`);
  }
  return { from, to: nowMs() };
}

async function isAlive(pid: number): Promise<boolean> {
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '');
    const [state] = stat.slice(stat.lastIndexOf(')') + 2);
    if (stat !== '' && state !== 'Z' && state !== 'X') return true;
  }
  return false;
}
