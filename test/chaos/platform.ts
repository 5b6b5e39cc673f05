/** A platform whose parts may be killed and frozen one by one: Teal, HAProxy, its supervisor, PostgreSQL, instances. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { endSupervisor } from '@teal/router';
import { PlatformClient } from '../e2e/client.ts';
import { haproxyPids } from '../load/victims.ts';

const MAIN = fileURLToPath(new URL('./platform-main.ts', import.meta.url));
const READY_MS = 120_000;

interface Ready {
  consoleUrl: string;
  httpPort: number;
  token: string | null;
}

export interface ChaosPlatformOptions {
  engine: 'docker' | 'process';
  dataDir: string;
  /** Not on the disk that is filled. */
  logFile: string;
  environment: Record<string, string>;
}

export class ChaosPlatform extends PlatformClient {
  readonly dataDir: string;
  readonly #options: ChaosPlatformOptions;
  #child: ChildProcess | null = null;
  #ports: [string, string] = ['0', '0'];
  #token = '';

  private constructor(options: ChaosPlatformOptions) {
    super();
    this.#options = options;
    this.dataDir = options.dataDir;
  }

  static async start(options: ChaosPlatformOptions): Promise<ChaosPlatform> {
    const platform = new ChaosPlatform(options);
    platform.#ports = [await freePort(), await freePort()];
    await platform.up();
    return platform;
  }

  get token(): string {
    return this.#token;
  }

  get consoleUrl(): string {
    return `http://localhost:${this.#ports[0]}`;
  }

  get routerAddress(): { host: string; port: number } {
    return { host: '127.0.0.1', port: Number(this.#ports[1]) };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** False once it has ended, by whatever. */
  get runs(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ready when it resolves; rejects when it ends before. */
  async up(): Promise<void> {
    const { engine, dataDir, logFile, environment } = this.#options;
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, [MAIN, engine, dataDir, ...this.#ports], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TEAL_FIREWALL: 'off', ...environment },
      stdio: ['ignore', log, log, 'pipe'],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    const lines = createInterface({ input: child.stdio[3] as Readable });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the platform ended before it was ready')));
    ended.catch(() => {});
    const line = once(lines, 'line', { signal: AbortSignal.timeout(READY_MS) }) as Promise<[string]>;
    const ready = JSON.parse((await Promise.race([line, ended]))[0]) as Ready;
    lines.close();
    this.#token = ready.token ?? this.#token;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || !this.runs) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async down(): Promise<void> {
    await this.end('SIGTERM');
    for (const entry of await readdir(this.dataDir, { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory()) await endSupervisor(join(this.dataDir, entry.name));
    }
  }

  haproxies(): Promise<number[]> {
    return haproxyPids(this.dataDir);
  }

  async supervisors(): Promise<number[]> {
    const found: number[] = [];
    for (const [pid, line] of await commandLines()) {
      if (line.includes('haproxy/supervisor/main.ts') && line.includes(`${this.dataDir}/`)) found.push(pid);
    }
    return found;
  }

  /** The server itself and, with `all`, the processes of its connections. */
  async postgres(all = false): Promise<number[]> {
    const found: number[] = [];
    for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
      const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
      if (cwd === join(this.dataDir, 'postgres', 'cluster')) found.push(Number(name));
    }
    if (all) return found;
    const parent = Number(
      (await readFile(join(this.dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0],
    );
    return found.filter((pid) => pid === parent);
  }
}

async function commandLines(): Promise<Map<number, string>> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = async (name: string) =>
    (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  return new Map(await Promise.all(names.map(async (name) => [Number(name), await read(name)] as const)));
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
