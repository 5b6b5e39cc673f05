/** The platform as users have it: `./teal up` as a process of its own, on a temporary data folder and free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AppView } from '@teal/contracts';
import { PlatformClient } from '../e2e/client.ts';

export const ROOT_DIR = fileURLToPath(new URL('../..', import.meta.url));

interface Ready {
  consoleUrl: string;
  httpPort: number;
  token: string;
}

const READY_DEADLINE_MS = 20 * 60_000;
const STOP_DEADLINE_MS = 60_000;
const KEPT_LINES = 40;
/** What would lead the benchmark to somebody's real data, mail or ports. */
const FOREIGN = /^(TEAL_(?!CA_FILE$|SUBNETS$|BASE_|DEBIAN_)|DATABASE_URL$|REDIS_URL$|SMTP_URL$)/;

export class BenchPlatform extends PlatformClient {
  readonly dataDir: string;
  readonly token: string;
  readonly consoleUrl: string;
  readonly routerAddress: { host: string; port: number };
  readonly pid: number;
  /** Every app that was made, for clearing up what a lost platform left. */
  readonly appIds: string[] = [];
  /** Rejects when the platform ends without having been asked to. */
  readonly lost: Promise<never>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, dataDir: string, { ready, lost }: { ready: Ready; lost: Promise<never> }) {
    super();
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.dataDir = dataDir;
    this.token = ready.token;
    this.consoleUrl = ready.consoleUrl;
    this.routerAddress = { host: '127.0.0.1', port: ready.httpPort };
    this.lost = lost;
  }

  static async start(signal: AbortSignal): Promise<BenchPlatform> {
    const dataDir = await mkdtemp(join(tmpdir(), 'teal-bench-'));
    const child = spawnPlatform(dataDir);
    const lost = lossOf(child);
    try {
      const ready = await Promise.race([readReady(child.stdio[3] as Readable, signal), lost]);
      return new BenchPlatform(child, dataDir, { ready, lost });
    } catch (error) {
      await end(child);
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  override async createApp(name: string, settings: Record<string, unknown> = {}): Promise<AppView> {
    const app = await super.createApp(name, settings);
    this.appIds.push(app.id);
    return app;
  }

  /** Deletes its apps where it still answers, ends it, removes its folder. */
  async destroy(): Promise<void> {
    try {
      if (this.#child.exitCode === null && this.#child.signalCode === null) await this.deleteApps();
    } finally {
      await end(this.#child);
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }
}

function spawnPlatform(dataDir: string): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
  const places = ['--data', dataDir, '--console-port', '0', '--http-port', '0'];
  return spawn(join(ROOT_DIR, 'teal'), ['up', ...places, '--engine', 'docker', '--ready-fd', '3', '--log', 'json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // Ctrl-C reaches the benchmark alone, which then clears up in order.
    detached: true,
  });
}

/** The platform's last lines explain its end. */
function lossOf(child: ChildProcess): Promise<never> {
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
    });
  }
  const lost = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      reject(new Error(`the platform ended (${signal ?? code})\n${kept.join('\n')}`)),
    );
  });
  lost.catch(() => {});
  return lost;
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

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(timer);
}
