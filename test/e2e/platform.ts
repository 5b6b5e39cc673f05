/** A whole platform in this process for end-to-end tests: real PostgreSQL, engine, router, git, SMTP, on free ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_ROOT, type AppView, type DeploymentView, type MailView } from '@teal/contracts';
import type { Timing } from '@teal/core';
import type { Engine, Store } from '@teal/deployer';
import { pino } from 'pino';
import { type Config, readConfig } from '../../apps/server/src/config.ts';
import { type Decorate, type Platform, startPlatform } from '../../apps/server/src/platform.ts';
import { until } from '../conformance/until.ts';

export const ROOT_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** Waiting times that make sense in a test; everything else is as users have it. */
export const TEST_TIMING: Partial<Timing> = { drainDeadlineMs: 10_000, stopGraceMs: 2_000 };

export interface TestPlatformOptions {
  engine: 'docker' | 'process';
  timing?: Partial<Timing>;
  environment?: Record<string, string>;
  decorate?: Decorate;
}

/** Answers of the API: the status and the parsed body. */
export interface Answer<T> {
  status: number;
  body: T;
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
  const read = testConfig(options.engine, dataDir, options.environment);
  const config: Config = { ...read, timing: { ...read.timing, ...TEST_TIMING, ...options.timing } };
  const log = pino({ level: process.env.TEAL_TEST_LOG ?? 'error' }, pino.destination({ dest: 2, sync: true }));
  const ports: Record<string, object> = {};
  const decorate: Decorate = (port, adapter) => {
    ports[port] = adapter;
    return options.decorate?.(port, adapter) ?? adapter;
  };
  const platform = await startPlatform(config, log, decorate);
  return { platform, ports: ports as unknown as Ports };
}

export class TestPlatform {
  readonly dataDir: string;
  readonly token: string;
  readonly #options: TestPlatformOptions;
  readonly #ports: Ports;
  #platform: Platform;

  private constructor(options: TestPlatformOptions, dataDir: string, { platform, ports }: Opened) {
    this.#options = options;
    this.dataDir = dataDir;
    this.#platform = platform;
    this.#ports = ports;
    this.token = platform.firstToken ?? '';
  }

  static async start(options: TestPlatformOptions): Promise<TestPlatform> {
    const dataDir = await mkdtemp(join(tmpdir(), 'teal-e2e-'));
    return new TestPlatform(options, dataDir, await open(options, dataDir));
  }

  get consoleUrl(): string {
    return this.#platform.consoleUrl;
  }

  /** Where the router listens. */
  get routerAddress(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#platform.httpPort };
  }

  hostOf(app: string): string {
    return `${app}.teal.localhost`;
  }

  gitUrl(app: string): string {
    const url = new URL(`${this.consoleUrl}/git/${app}.git`);
    url.username = 'teal';
    url.password = this.token;
    return url.href;
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.consoleUrl}${API_ROOT}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  async createApp(name: string, settings: Record<string, unknown> = {}): Promise<AppView> {
    const { status, body } = await this.call<AppView>('POST', '/apps', { name, settings });
    if (status !== 201) throw new Error(`app ${name}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async app(name: string): Promise<AppView> {
    return (await this.call<AppView>('GET', `/apps/${name}`)).body;
  }

  async deployments(name: string): Promise<DeploymentView[]> {
    return (await this.call<{ deployments: DeploymentView[] }>('GET', `/apps/${name}/deployments`)).body.deployments;
  }

  /** The newest deployment, once it is in one of `states`. */
  reached(name: string, states: readonly string[], deadlineMs = 60_000): Promise<DeploymentView> {
    return until(
      `the newest deployment of ${name} is ${states.join(' or ')}`,
      async () => {
        const [newest] = await this.deployments(name);
        return newest !== undefined && states.includes(newest.state) && newest;
      },
      deadlineMs,
    );
  }

  /** Waits until this very deployment has ended. */
  ended(name: string, id: string, deadlineMs = 60_000): Promise<DeploymentView> {
    return until(
      `deployment ${id} has ended`,
      async () => {
        const { body } = await this.call<DeploymentView>('GET', `/apps/${name}/deployments/${id}`);
        return ['live', 'replaced', 'failed', 'cancelled'].includes(body.state) && body;
      },
      deadlineMs,
    );
  }

  async log(name: string, id: string): Promise<string> {
    const { body } = await this.call<{ lines: { text: string }[] }>('GET', `/apps/${name}/deployments/${id}/log`);
    return body.lines.map((line) => line.text).join('\n');
  }

  async mails(): Promise<MailView[]> {
    return (await this.call<{ mails: MailView[] }>('GET', '/mailbox')).body.mails;
  }

  /** One request through the router. */
  async get(app: string, path = '/'): Promise<{ status: number; text: string; headers: Headers }> {
    const { request } = await import('node:http');
    return new Promise((resolve, reject) => {
      const sent = request(
        { ...this.routerAddress, path, headers: { host: this.hostOf(app) }, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              text,
              headers: new Headers(response.headers as Record<string, string>),
            });
          });
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Removes the previous version's image behind the platform's back, as somebody tidying up the machine might. */
  async removePreviousImage(app: string): Promise<void> {
    const { engine, store } = this.#ports;
    const release = await store.releases.get((await this.app(app)).previous?.releaseId ?? '');
    const image = await store.images.get(release?.imageId ?? '');
    if (image === null) throw new Error(`${app} has no previous image`);
    await engine.removeImage(image.ref);
  }

  /** Stops the platform in good order and starts it again on the same data and ports. */
  async restart(): Promise<void> {
    await this.#platform.close();
    const { platform, ports } = await open(this.#options, this.dataDir);
    this.#platform = platform;
    Object.assign(this.#ports, ports);
  }

  /** Removes every app and its instances, then the platform and its folder. */
  async destroy(): Promise<void> {
    const { body } = await this.call<{ apps: AppView[] }>('GET', '/apps');
    for (const app of body.apps) await this.call('DELETE', `/apps/${app.id}`);
    await until('all apps are gone', async () => (await this.deletedAll(body.apps)) || false, 60_000);
    await this.#platform.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Repositories are the last thing that goes. */
  async deletedAll(apps: readonly AppView[]): Promise<boolean> {
    const { readdir } = await import('node:fs/promises');
    const left = await readdir(join(this.dataDir, 'repositories'));
    return apps.every((app) => !left.includes(`${app.id}.git`));
  }
}

export function testConfig(engine: string, dataDir: string, environment: Record<string, string> = {}): Config {
  const args = ['--data', dataDir, '--engine', engine, '--console-port', '0', '--http-port', '0', '--no-install'];
  return readConfig(args, environment, ROOT_DIR);
}
