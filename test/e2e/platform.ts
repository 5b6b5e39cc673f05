/** A whole platform in this process for end-to-end tests: real PostgreSQL, engine, router, git, SMTP, on free ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Timing } from '@teal/core';
import type { Engine, Store } from '@teal/deployer';
import { endSupervisor } from '@teal/router';
import type { PostgresStore } from '@teal/store';
import { pino } from 'pino';
import { type Config, readConfig } from '../../apps/server/src/config.ts';
import { type Decorate, type Platform, startPlatform } from '../../apps/server/src/platform.ts';
import { makeToken } from '../../apps/server/src/secrets.ts';
import { PlatformClient } from './client.ts';

export const ROOT_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** Waiting times that make sense in a test; everything else is as users have it. */
export const TEST_TIMING: Partial<Timing> = { drainDeadlineMs: 10_000, stopGraceMs: 2_000 };

/** Rules of the firewall stay when a platform ends: only who asks for them gets them. */
const FREE_PORTS = {
  TEAL_FIREWALL: 'off',
  TEAL_CONSOLE_PORT: '0',
  TEAL_HTTP_PORT: '0',
  TEAL_HTTPS_PORT: '0',
  TEAL_SSH_PORT: '0',
};

export interface TestPlatformOptions {
  engine: 'docker' | 'process';
  /** By default HAProxy on Docker and the embedded one on `process`: both combinations are what people have. */
  router?: 'haproxy' | 'embedded';
  timing?: Partial<Timing>;
  environment?: Record<string, string>;
  /** Takes the platform's log instead, line by line. */
  logged?: (line: string) => void;
  decorate?: Decorate;
  /** An empty folder, by default a new one. */
  dataDir?: string;
}

interface Ports {
  engine: Engine;
  store: Store;
}

interface Opened {
  platform: Platform;
  ports: Ports;
}

async function open(options: TestPlatformOptions, dataDir: string): Promise<Opened> {
  const environment = { ...options.environment };
  if (options.router !== undefined) environment.TEAL_ROUTER = options.router;
  const read = testConfig(options.engine, dataDir, environment);
  const config: Config = { ...read, timing: { ...read.timing, ...TEST_TIMING, ...options.timing } };
  const { logged } = options;
  const log =
    logged === undefined
      ? pino({ level: process.env.TEAL_TEST_LOG ?? 'error' }, pino.destination({ dest: 2, sync: true }))
      : pino({ level: 'info' }, { write: logged });
  const ports: Record<string, object> = {};
  const decorate: Decorate = (port, adapter) => {
    ports[port] = adapter;
    return options.decorate?.(port, adapter) ?? adapter;
  };
  const platform = await startPlatform(config, log, decorate);
  return { platform, ports: ports as unknown as Ports };
}

export class TestPlatform extends PlatformClient {
  readonly dataDir: string;
  readonly token: string;
  readonly #options: TestPlatformOptions;
  readonly #ports: Ports;
  #platform: Platform;

  private constructor(options: TestPlatformOptions, dataDir: string, { platform, ports }: Opened) {
    super();
    this.#options = options;
    this.dataDir = dataDir;
    this.#platform = platform;
    this.#ports = ports;
    this.token = platform.firstToken ?? '';
  }

  static async start(options: TestPlatformOptions): Promise<TestPlatform> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'teal-e2e-')));
    const opened = await open(options, dataDir).catch(async (error: unknown) => {
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
      throw error;
    });
    return new TestPlatform(options, dataDir, opened);
  }

  get consoleUrl(): string {
    return this.#platform.consoleUrl;
  }

  /** Every route of the console port, with what it asks of who calls it. */
  get routes(): Platform['routes'] {
    return this.#platform.routes;
  }

  /** A token of this person whose time is over, which the API would make none of. */
  async expiredToken(userId: string): Promise<string> {
    const { token, secret } = makeToken('expired', { expiresAt: new Date(Date.now() - 1_000) });
    const { tokens } = this.#ports.store as PostgresStore;
    await tokens.create({ ...token, owner: { userId }, createdBy: null });
    return secret;
  }

  get platformId(): string {
    return this.#platform.id;
  }

  /** What runs of an app, as the engine says. */
  async instances(app: string): ReturnType<Engine['list']> {
    const { id } = await this.app(app);
    return (await this.#ports.engine.list()).filter(({ appId }) => appId === id);
  }

  /** Where the router listens. */
  get routerAddress(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#platform.httpPort };
  }

  get secureAddress(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#platform.httpsPort ?? 0 };
  }

  get sshPort(): number {
    return this.#platform.ssh?.port ?? 0;
  }

  /** Removes the previous version's image behind the platform's back, as somebody tidying up the machine might. */
  async removePreviousImage(app: string): Promise<void> {
    const { engine, store } = this.#ports;
    const release = await store.releases.get((await this.app(app)).previous?.releaseId ?? '');
    const image = await store.images.get(release?.imageId ?? '');
    if (image === null) throw new Error(`${app} has no previous image`);
    await engine.removeImage(image.ref);
  }

  /** Stops the platform in good order and starts it again on the same data and ports. After a failed start, again. */
  async restart(whileDown: () => Promise<unknown> = async () => {}): Promise<void> {
    const environment = {
      ...this.#options.environment,
      TEAL_CONSOLE_PORT: new URL(this.consoleUrl).port,
      TEAL_HTTP_PORT: String(this.#platform.httpPort),
      TEAL_HTTPS_PORT: String(this.#platform.httpsPort ?? 'off'),
      TEAL_SSH_PORT: String(this.#platform.ssh?.port ?? 'off'),
    };
    await this.#platform.close();
    await whileDown();
    const { platform, ports } = await open({ ...this.#options, environment }, this.dataDir);
    this.#platform = platform;
    Object.assign(this.#ports, ports);
  }

  /** Removes every app and its instances, then the platform and its folder. */
  async destroy(): Promise<void> {
    await this.deleteApps();
    await this.#platform.close();
    await endRouter(this.dataDir);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** HAProxy and its supervisor outlive their platform. */
export async function endRouter(dataDir: string): Promise<void> {
  await endSupervisor(join(dataDir, 'haproxy'));
}

export function testConfig(engine: string, dataDir: string, environment: Record<string, string> = {}): Config {
  const args = ['--data', dataDir, '--engine', engine, '--no-install'];
  return readConfig(
    args,
    { ...FREE_PORTS, TEAL_ROUTER: engine === 'docker' ? 'auto' : 'embedded', ...environment },
    ROOT_DIR,
  );
}
