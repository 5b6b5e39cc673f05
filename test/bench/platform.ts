/** The platform as users have it: `./teal up` as a process of its own, on a temporary data folder and free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AppView } from '@teal/contracts';
import { endSupervisor } from '@teal/router';
import { PlatformClient } from '../e2e/client.ts';

export const ROOT_DIR = fileURLToPath(new URL('../..', import.meta.url));

interface Ready {
  consoleUrl: string;
  httpPort: number;
  /** Where the platform has HTTPS. */
  httpsPort?: number | null;
  token: string | null;
  router: string;
}

export interface PlatformOptions {
  /** Default docker. */
  engine?: 'docker' | 'process';
  /** More arguments of `teal up`. */
  args?: readonly string[];
}

const READY_DEADLINE_MS = 20 * 60_000;
const STOP_DEADLINE_MS = 60_000;
const KEPT_LINES = 40;
/** What would lead the benchmark to somebody's real data, mail or ports. */
const FOREIGN = /^(TEAL_(?!CA_FILE$|SUBNETS$|BASE_|DEBIAN_)|DATABASE_URL$|REDIS_URL$|SMTP_URL$)/;

export class BenchPlatform extends PlatformClient {
  readonly dataDir: string;
  /** Every app that was made, for clearing up what a lost platform left. */
  readonly appIds: string[] = [];
  readonly #options: PlatformOptions;
  readonly #token: string;
  readonly #lost = Promise.withResolvers<never>();
  #child: ChildProcess;
  #ready: Ready;

  private constructor(options: PlatformOptions, dataDir: string, { child, ready }: Launched) {
    super();
    this.#options = options;
    this.dataDir = dataDir;
    this.#child = child;
    this.#ready = ready;
    this.#token = ready.token ?? '';
    this.#lost.promise.catch(() => {});
  }

  static async start(signal: AbortSignal, options: PlatformOptions = {}): Promise<BenchPlatform> {
    const dataDir = await mkdtemp(join(tmpdir(), 'teal-bench-'));
    try {
      const launched = await launch(dataDir, options, await freePorts(), signal);
      const platform = new BenchPlatform(options, dataDir, launched);
      platform.#watch(launched.lost);
      return platform;
    } catch (error) {
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  get token(): string {
    return this.#token;
  }

  get consoleUrl(): string {
    return this.#ready.consoleUrl;
  }

  get routerAddress(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#ready.httpPort };
  }

  /** Null where the platform has no HTTPS. */
  get secureAddress(): { host: string; port: number } | null {
    const { httpsPort } = this.#ready;
    return typeof httpsPort === 'number' ? { host: '127.0.0.1', port: httpsPort } : null;
  }

  /** `embedded` or `haproxy`. */
  get router(): string {
    return this.#ready.router;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Rejects when the platform ends without having been asked to. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  override async createApp(name: string, settings: Record<string, unknown> = {}): Promise<AppView> {
    const app = await super.createApp(name, settings);
    this.appIds.push(app.id);
    return app;
  }

  /** Ends the platform and starts it again on the same data and ports; `ended` is told in between. Resolves when it is ready. */
  async restart(how: 'SIGTERM' | 'SIGKILL', signal: AbortSignal, ended: () => void = () => {}): Promise<void> {
    const { httpPort, httpsPort } = this.#ready;
    const ports = { console: new URL(this.consoleUrl).port, http: String(httpPort), https: String(httpsPort ?? 'off') };
    const before = this.#child;
    const gone = once(before, 'exit');
    before.removeAllListeners('close');
    before.kill(how);
    await gone;
    ended();
    const launched = await launch(this.dataDir, this.#options, ports, signal);
    this.#child = launched.child;
    this.#ready = launched.ready;
    this.#watch(launched.lost);
  }

  /** Deletes its apps where it still answers, ends it, removes its folder. */
  async destroy(): Promise<void> {
    try {
      if (this.#child.exitCode === null && this.#child.signalCode === null) await this.deleteApps();
    } finally {
      await end(this.#child);
      await endRouter(this.dataDir);
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  #watch(lost: Promise<never>): void {
    lost.catch((error) => this.#lost.reject(error));
  }
}

interface Ports {
  console: string;
  http: string;
  https: string;
}

/** Chosen here, so that a second start has the very settings of the first. */
async function freePorts(): Promise<Ports> {
  const servers = [createServer(), createServer(), createServer()];
  const ports: string[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push(String((server.address() as AddressInfo).port));
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  const [console = '', http = '', https = ''] = ports;
  return { console, http, https };
}

interface Launched {
  child: ChildProcess;
  ready: Ready;
  lost: Promise<never>;
}

async function launch(dataDir: string, options: PlatformOptions, ports: Ports, signal: AbortSignal): Promise<Launched> {
  const child = spawnPlatform(dataDir, options, ports);
  const lost = lossOf(child);
  try {
    const ready = await Promise.race([readReady(child.stdio[3] as Readable, signal), lost]);
    return { child, ready, lost };
  } catch (error) {
    await end(child);
    await endRouter(dataDir);
    throw error;
  }
}

/** HAProxy outlives its platform; its state lies in a folder of the data folder. */
async function endRouter(dataDir: string): Promise<void> {
  const entries = await readdir(dataDir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await endSupervisor(join(dataDir, entry.name));
}

function spawnPlatform(dataDir: string, { engine = 'docker', args = [] }: PlatformOptions, ports: Ports): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
  const places = ['--data', dataDir, '--console-port', ports.console];
  const doors = ['--http-port', ports.http, '--https-port', ports.https, '--ssh-port', 'off'];
  const rest = ['--engine', engine, '--ready-fd', '3', '--log', 'json', ...args];
  return spawn(join(ROOT_DIR, 'teal'), ['up', ...places, ...doors, ...rest], {
    // The rules would stay when the platform ends.
    env: { ...env, TEAL_FIREWALL: 'off' },
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
