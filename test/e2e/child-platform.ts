/** A platform in a process of its own, which a test may kill or stop at a named step and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformClient } from './client.ts';
import { endRouter } from './platform.ts';

interface Ready {
  consoleUrl: string;
  httpPort: number;
  token: string | null;
}

const MAIN = fileURLToPath(new URL('./crashing-main.ts', import.meta.url));

export class ChildPlatform extends PlatformClient {
  readonly dataDir: string;
  readonly #settings: Settings;
  #child: ChildProcess;
  #ready: Ready;
  #token: string;

  private constructor(settings: Settings, dataDir: string, { child, ready }: { child: ChildProcess; ready: Ready }) {
    super();
    this.#settings = settings;
    this.dataDir = dataDir;
    this.#child = child;
    this.#ready = ready;
    this.#token = ready.token ?? '';
  }

  /** On Docker over HAProxy and on `process` over the embedded router, unless `router` says otherwise. */
  static async start(engine: string, router?: 'haproxy' | 'embedded'): Promise<ChildPlatform> {
    const dataDir = await mkdtemp(join(tmpdir(), 'teal-child-'));
    const settings = { engine, router };
    return new ChildPlatform(settings, dataDir, await launch(settings, dataDir, ['0', '0']));
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

  /** The process will end at this call: `engine.start after`, `store.deployments.goLive before stop`, … */
  haltAt(point: string): Promise<void> {
    return writeFile(join(this.dataDir, 'halt-at'), point);
  }

  async gone(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  /** In good order, as Ctrl-C does it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.gone();
  }

  /** SIGKILL: nothing is told, nothing tidied up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.gone();
  }

  /** On the same data folder and ports. */
  async startAgain(): Promise<void> {
    const ports = [new URL(this.#ready.consoleUrl).port, String(this.#ready.httpPort)] as const;
    const { child, ready } = await launch(this.#settings, this.dataDir, ports);
    this.#child = child;
    this.#ready = ready;
  }

  async destroy(): Promise<void> {
    await this.deleteApps();
    await this.stop();
    await endRouter(this.dataDir);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

interface Settings {
  engine: string;
  router: 'haproxy' | 'embedded' | undefined;
}

async function launch(
  { engine, router }: Settings,
  dataDir: string,
  ports: readonly [string, string],
): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = spawn(process.execPath, [MAIN, engine, dataDir, ...ports, ...(router === undefined ? [] : [router])], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const pipe = child.stdio[3] as NodeJS.ReadableStream;
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    pipe.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`the platform ended before it was ready: ${code ?? signal}`)),
    );
  });
  return { child, ready: JSON.parse(line) as Ready };
}
