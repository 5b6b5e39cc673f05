/** Starts a platform of the demo's own as `teal up` does for everybody, and ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CommandError } from '../output/exit.ts';
import { freePort } from './ports.ts';

/** The line that `teal up --ready-fd` writes when it serves. */
export interface Ready {
  consoleUrl: string;
  apiUrl: string;
  appUrlPattern: string;
  httpPort: number;
  token: string;
  dataDir: string;
  engine: string;
  router: string;
  isolated: boolean;
}

export interface Platform {
  ready: Ready;
  /** Rejects when the platform has ended, asked or not. */
  lost: Promise<never>;
  hasEnded(): boolean;
  /** Asks it to end and waits for it; a sentence when it did not end cleanly, else null. */
  stop(): Promise<string | null>;
  /** SIGKILL, then a new start on the same data and ports. Resolves when that one serves. */
  crash(): Promise<void>;
}

export interface PlatformOptions {
  /** The folder with the launcher. */
  root: string;
  dataDir: string;
  engine: string;
  install: boolean;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** The launcher's own lines, while it prepares. */
  onLine: (line: string) => void;
}

const READY_DEADLINE_MS = 20 * 60_000;
const STOP_DEADLINE_MS = 90_000;
const KEPT_LINES = 40;
/** The first token is among what the platform prints. */
const TOKEN = /teal_[\w-]{20,}/g;
/** What would lead the demo to somebody's real data, mail or ports. */
const FOREIGN = /^(TEAL_(?!CA_FILE$|SUBNETS$|DOCKER_SOCKET$|BASE_|DEBIAN_)|DATABASE_URL$|REDIS_URL$|SMTP_URL$)/;

/** The caller's environment without what leads to a platform of theirs; the host's firewall is none of a demonstration's business. */
export function ownEnvironment(env: PlatformOptions['env']): PlatformOptions['env'] {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN.test(name)));
  return { ...own, TEAL_FIREWALL: 'off' };
}

export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const ports = await choosePorts();
  let running = await launch(options, ports);
  const lost = Promise.withResolvers<never>();
  // Whoever waits for it gets the error; nobody does while the demo cleans up.
  lost.promise.catch(() => {});
  const watch = (launched: Launched) =>
    launched.lost.catch((error) => {
      if (launched === running) lost.reject(error);
    });
  watch(running);
  return {
    ready: running.ready,
    lost: lost.promise,
    stop: () => running.stop(),
    hasEnded: () => !isRunning(running.child),
    async crash() {
      const { child, ended } = running;
      // Another object: the end of this one is no loss.
      running = { ...running };
      child.kill('SIGKILL');
      await ended;
      try {
        running = await launch(options, ports);
      } catch (error) {
        lost.reject(error);
        throw error;
      }
      watch(running);
    },
  };
}

interface Launched {
  child: ChildProcess;
  ready: Ready;
  ended: Promise<string>;
  lost: Promise<never>;
  stop(): Promise<string | null>;
}

async function launch(options: PlatformOptions, ports: Ports): Promise<Launched> {
  const child = spawn(join(options.root, 'teal'), upArguments(options, ports), {
    env: ownEnvironment(options.env) as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A session of its own: Ctrl-C reaches the demo alone, which then ends everything in order.
    detached: true,
  });
  const log = keepLog(child, options.onLine);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal === null ? `ended with code ${code}` : `ended by ${signal}`));
  });
  let isStopping = false;
  let isReady = false;
  const lost = ended.then((how): never => {
    throw new CommandError('failed', 'platform_lost', `the platform ${how}.${isStopping ? '' : `\n${log.join('\n')}`}`);
  });
  lost.catch(() => {});
  const stop = () => {
    isStopping = true;
    return stopChild(child, { ended, isReady });
  };
  try {
    const ready = await Promise.race([readReady(child.stdio[3] as Readable, options.signal), lost]);
    isReady = true;
    return { child, ready, ended, lost, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function choosePorts(): Promise<Ports> {
  const consolePort = await freePort(4000);
  const httpPort = await freePort(8000, [consolePort]);
  return { consolePort, httpPort, httpsPort: await freePort(8443, [consolePort, httpPort]) };
}

interface Ports {
  consolePort: number;
  httpPort: number;
  httpsPort: number;
}

function upArguments(options: PlatformOptions, { consolePort, httpPort, httpsPort }: Ports): string[] {
  const { dataDir, engine, install } = options;
  const ports = [
    '--console-port',
    `${consolePort}`,
    '--http-port',
    `${httpPort}`,
    '--https-port',
    `${httpsPort}`,
    '--ssh-port',
    'off',
  ];
  return [
    'up',
    '--data',
    dataDir,
    ...ports,
    '--engine',
    engine,
    '--ready-fd',
    '3',
    ...(install ? [] : ['--no-install']),
  ];
}

/** The last lines it printed, for when it fails; the launcher's own are passed on. */
function keepLog(child: ChildProcess, onLine: (line: string) => void): string[] {
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      kept.push(line.replace(TOKEN, 'teal_…'));
      if (kept.length > KEPT_LINES) kept.shift();
      const said = preparation(line);
      if (said !== null) onLine(said);
    });
  }
  return kept;
}

/** What the launcher and the platform say while they prepare the machine; null for any other line. */
function preparation(line: string): string | null {
  if (line.startsWith('teal: ')) return line.slice('teal: '.length);
  if (!line.startsWith('{')) return null;
  try {
    const { part, msg } = JSON.parse(line) as { part?: unknown; msg?: unknown };
    return part === 'host' && typeof msg === 'string' ? msg : null;
  } catch {
    return null;
  }
}

async function readReady(stream: Readable, signal: AbortSignal): Promise<Ready> {
  const lines = createInterface({ input: stream });
  try {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_DEADLINE_MS)]);
    const [line] = (await once(lines, 'line', { signal: deadline })) as [string];
    return JSON.parse(line) as Ready;
  } finally {
    lines.close();
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function stopChild(
  child: ChildProcess,
  state: { ended: Promise<string>; isReady: boolean },
): Promise<string | null> {
  // While it prepares, what it runs for that (npm, apt) must end too, as it would with Ctrl-C.
  if (isRunning(child) && child.pid !== undefined) process.kill(state.isReady ? child.pid : -child.pid, 'SIGTERM');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), STOP_DEADLINE_MS);
  });
  const how = await Promise.race([state.ended, late]);
  clearTimeout(timer);
  if (how === null) {
    child.kill('SIGKILL');
    await state.ended;
    return `the platform did not end within ${STOP_DEADLINE_MS / 1000} s and was killed`;
  }
  return how === 'ended with code 0' ? null : `the platform ${how}`;
}
