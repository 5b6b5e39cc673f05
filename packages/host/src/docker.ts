/** Finds a Docker daemon that answers, and starts one where no init system does. Never stops one. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable, type HostEnvironment, runCommand } from './run.ts';

const LOG_FILE = '/var/log/teal-dockerd.log';
const PID_FILE = '/var/run/docker.pid';
const CONFIGURATION = '/etc/docker/daemon.json';
const DEFAULT_SOCKET = '/var/run/docker.sock';
const START_DEADLINE_MS = 45_000;
const PING_TIMEOUT_MS = 5_000;
const PING_PAUSE_MS = 50;

export interface DockerReport {
  available: boolean;
  socketPath: string;
  /** Started in this call. */
  startedByUs: boolean;
  /** Why it is not available, one sentence for people. */
  why?: string;
}

/** Null when a daemon answers on the socket, else the system's code (`ENOENT`, `EACCES`, …) or what it answered. */
export function pingDocker(socketPath: string): Promise<string | null> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', timeout: PING_TIMEOUT_MS }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode === 200 ? null : `status ${answer.statusCode}`));
      answer.on('error', () => resolve('ECONNRESET'));
    });
    call.on('timeout', () => call.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    call.end();
  });
}

/** The unix socket that `DOCKER_HOST` names, or the usual one. */
export function dockerSocket(environment: HostEnvironment): string {
  const match = /^unix:\/\/(\/.+)$/.exec(environment.DOCKER_HOST ?? '');
  return match?.[1] ?? DEFAULT_SOCKET;
}

/** Our flags, without those that the configuration file sets: dockerd refuses to start when both do. */
export function daemonFlags(configuration: string | null): string[] {
  let set: Record<string, unknown> = {};
  try {
    set = JSON.parse(configuration ?? '{}');
  } catch {
    // dockerd itself will say that its file is no JSON
  }
  const flags: string[] = [];
  if (!('live-restore' in set)) flags.push('--live-restore');
  if (!('log-level' in set)) flags.push('--log-level=warn');
  return flags;
}

/** The sentence for a socket that does not answer. */
export function explainPing(code: string, socketPath: string): string {
  if (code === 'EACCES') return `this user may not use ${socketPath}; join the group "docker" or run as root`;
  if (code === 'ENOENT') return 'no Docker daemon runs here';
  return `the Docker daemon behind ${socketPath} does not answer (${code})`;
}

function lastLogLine(from: number): string {
  const lines = readFileSync(LOG_FILE).subarray(from).toString('utf8').split('\n');
  return (
    lines
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.slice(0, 300) ?? 'it wrote nothing'
  );
}

function runningDaemon(): number | null {
  try {
    const pid = Number(readFileSync(PID_FILE, 'utf8').trim());
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'dockerd' ? pid : null;
  } catch {
    return null;
  }
}

/** Waits until the socket answers; null, or the last code. Its readiness has no event outside an init system. */
async function waitForSocket(socketPath: string, given: () => boolean): Promise<string | null> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const code = await pingDocker(socketPath);
    if (code === null) return null;
    if (Date.now() > deadline || given()) return code;
    await sleep(PING_PAUSE_MS);
  }
}

async function startDirectly(file: string, environment: Record<string, string>): Promise<string | null> {
  // A pid file from before a crash or reboot may name another process by now, and dockerd would believe it.
  if (runningDaemon() === null) rmSync(PID_FILE, { force: true });
  const configuration = existsSync(CONFIGURATION) ? readFileSync(CONFIGURATION, 'utf8') : null;
  const log = openSync(LOG_FILE, 'a', 0o640);
  const logStart = statSync(LOG_FILE).size;
  const child = spawn(file, daemonFlags(configuration), {
    env: environment,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended = false;
  child.on('error', () => {
    ended = true;
  });
  child.on('exit', () => {
    ended = true;
  });
  child.unref();
  // When another process started one at the same moment, ours ends and theirs is the one to wait for.
  const code = await waitForSocket(DEFAULT_SOCKET, () => ended && runningDaemon() === null);
  return code === null ? null : `dockerd could not be started: ${lastLogLine(logStart)} (whole log: ${LOG_FILE})`;
}

async function startBySystemd(environment: Record<string, string>): Promise<string | null> {
  const result = await runCommand('systemctl', ['start', 'docker'], { environment, timeoutMs: START_DEADLINE_MS });
  if (result.exitCode !== 0) return `"systemctl start docker" failed: ${result.output.trim().slice(-300)}`;
  const code = await waitForSocket(DEFAULT_SOCKET, () => false);
  return code === null ? null : explainPing(code, DEFAULT_SOCKET);
}

/** Makes a daemon answer where that is possible: uses the running one, else starts the installed one as root. */
export async function ensureDocker(options: {
  isRoot: boolean;
  mayStart: boolean;
  source: HostEnvironment;
  environment: Record<string, string>;
  say: (line: string) => void;
}): Promise<DockerReport> {
  const socketPath = dockerSocket(options.source);
  const report = (why: string | null, startedByUs: boolean): DockerReport =>
    why === null
      ? { available: true, socketPath, startedByUs }
      : { available: false, socketPath, startedByUs: false, why };
  const code = await pingDocker(socketPath);
  if (code === null) return report(null, false);
  const file = findExecutable('dockerd', options.source);
  if (!options.mayStart || !options.isRoot || file === null || socketPath !== DEFAULT_SOCKET) {
    return report(explainPing(code, socketPath), false);
  }
  options.say('starting the Docker daemon …');
  const bySystemd = existsSync('/run/systemd/system');
  const why = bySystemd ? await startBySystemd(options.environment) : await startDirectly(file, options.environment);
  return report(why, why === null);
}
