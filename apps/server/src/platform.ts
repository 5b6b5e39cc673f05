/** The composition root: builds every part from the configuration, starts them in order, stops them in reverse. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { InstanceUsageView, Me } from '@teal/contracts';
import { type App, hostsOf, TealError } from '@teal/core';
import {
  type Courier,
  createDeployer,
  createTrafficRecorder,
  type Deployer,
  type Engine,
  startUsageRecorder,
} from '@teal/deployer';
import { applyGitEnvironment, createGitRemote, createSourceReader, type GitRemote, hooksFolder } from '@teal/git';
import { type HostReport, prepareHost } from '@teal/host';
import { createSmtpSender, type Mailbox, startMailbox } from '@teal/mailer';
import { createProber } from '@teal/prober';
import { openJobQueue, type QueueBackend } from '@teal/queue';
import { type DatabaseOptions, migrate, openStore, type PostgresStore } from '@teal/store';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { openCertificates, type PlatformCertificates } from './certificates/open.ts';
import { clock } from './clock.ts';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { type DataFolder, openDataFolder } from './dataFolder.ts';
import { createEngine } from './engines.ts';
import { gitHandlers } from './gitHandlers.ts';
import type { RouteEntry } from './http/access.ts';
import { createEventStreams } from './http/eventStream.ts';
import { createHttpServer } from './http/server.ts';
import { newId } from './ids.ts';
import { openIsolation } from './isolation.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createAttempts, createResetLimit } from './people/attempts.ts';
import { createLetters, type Letters } from './people/letters.ts';
import { createPasswords } from './people/passwords.ts';
import { createRoomGauge, dockerDisk } from './room.ts';
import { type ChosenRouter, createRouter } from './router.ts';
import { forRequests, type RouteDeps } from './routes/deps.ts';
import { openSecretKeys } from './secretKeys.ts';
import { makeToken } from './secrets.ts';
import { openSshDoor, type SshPlace } from './sshDoor.ts';
import { createTrafficNews } from './trafficNews.ts';
import { usageNowView } from './usage.ts';
import { openWebhooks } from './webhooks.ts';
import { createWork } from './work.ts';

export const VERSION = '0.1.0';
const SOURCE_LIMITS = { maxEntries: 100_000, maxBytes: 2 * 1024 ** 3, maxFileBytes: 512 * 1024 ** 2 };
const CONCURRENT_APPS = 4;
const CLOSE_DEADLINE_MS = 5_000;
const ANY_APP = { name: '<app>', domains: [] };

export interface Platform {
  /** `platform_<uuid>`. */
  id: string;
  consoleUrl: string;
  /** An app's URL with `<app>` for its name. */
  appUrlPattern: string;
  /** The same over HTTPS; null without. */
  secureAppUrlPattern: string | null;
  httpPort: number;
  httpsPort: number | null;
  /** Null without git over SSH. */
  ssh: SshPlace | null;
  /** The admin's token; only after the first start on a data folder. */
  firstToken: string | null;
  engine: Engine['kind'];
  router: ChosenRouter['kind'];
  isolated: boolean;
  /** Every route of the console port, with what it asks of who calls it. */
  routes: readonly RouteEntry[];
  close(): Promise<void>;
}

/** What must be undone, in reverse, when the platform stops or a later step of its start fails. */
class Undo {
  readonly #steps: { name: string; step: () => Promise<unknown> }[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, step: () => Promise<unknown>): void {
    this.#steps.push({ name, step });
  }

  async run(): Promise<void> {
    for (let entry = this.#steps.pop(); entry !== undefined; entry = this.#steps.pop()) {
      const { name, step } = entry;
      await step().catch((error) => this.#log.error({ part: name, err: error }, 'a part did not stop cleanly'));
    }
  }
}

const ids = { newId };

/** Lets a test stand between the deployer and its ports, to halt the process at a named call. */
export type Decorate = <P extends object>(port: 'engine' | 'router' | 'prober' | 'source' | 'store', adapter: P) => P;

/** Throws TealErrors for whatever a person can mend: configuration, ports, folders, engines. */
export async function startPlatform(
  config: Config,
  log: Logger,
  decorate: Decorate = (_port, adapter) => adapter,
): Promise<Platform> {
  const undo = new Undo(log);
  try {
    return await start(config, log, { undo, decorate });
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function start(
  config: Config,
  log: Logger,
  { undo, decorate }: { undo: Undo; decorate: Decorate },
): Promise<Platform> {
  const folder = await openDataFolder(config.dataDir);
  undo.add('data folder', () => folder.release());
  const host = await prepare(config, log);
  const { store, database, firstToken } = await openStorage({ config, folder, host, log, undo });
  const platformId = await store.accounts.platformId();
  await folder.claimPlatform(platformId);
  // The lock on the folder is ours: whoever held a lease in its name is dead.
  await store.leases.drop(`${platformId}/`);

  const engine = await createEngine({ config, host, store, platformId, engineDir: folder.engineDir, log });
  undo.add('engine', () => engine.close());
  const queue = await openJobQueue({
    backend: queueBackend({ config, database, platformId }),
    alone: true,
    concurrency: CONCURRENT_APPS,
    log,
  });
  undo.add('queue', () => queue.close());
  const work = createWork(queue, log);
  const mail = await openMail({ config, folder, log, undo });
  const proofSecret = randomBytes(32).toString('base64url');
  const traffic = createTrafficRecorder({
    store: decorate('store', store),
    clock,
    log,
    writer: `${platformId}/${process.pid}/${randomUUID()}`,
  });
  // Closed after the router, which tells the last figures when it closes.
  undo.add('traffic figures', () => traffic.close());
  const { kind: routerKind, router } = await createRouter({ config, folder, proofSecret, log });
  undo.add('router', () => router.close());
  const source = createSourceReader({ repositoriesDir: folder.repositoriesDir, limits: SOURCE_LIMITS });
  undo.add('source', async () => source.close());

  const places = createPlaces(config);
  const linkOf = (app: Pick<App, 'name'>, deploymentId: string) =>
    `${places.consoleUrl()}/apps/${app.name}/deployments/${deploymentId}`;
  const deployer = createDeployer({
    store: decorate('store', store),
    engine: decorate('engine', engine),
    router: decorate('router', router),
    prober: decorate('prober', createProber()),
    source: decorate('source', source),
    queue: work.calls,
    mail: mail.sender,
    room: createRoomGauge([
      { what: 'the disk of the data folder', path: config.dataDir },
      ...(engine.kind === 'docker' ? await dockerDisk(host.docker.socketPath) : []),
    ]),
    clock,
    ids,
    log,
    settings: {
      holder: `${platformId}/${process.pid}/${randomUUID()}`,
      timing: config.timing,
      retention: { deployments: config.keptDeployments, logs: Math.min(config.keptLogs, config.keptDeployments) },
      proofSecret,
      hostsOf: (app) => hostsOf(app, config.domain),
      domain: config.domain,
      reservedHosts: ['localhost', config.host],
      urlOf: (app) => places.urlOf(app),
      linkOf,
    },
  });
  const platform = {
    version: VERSION,
    engine: engine.kind,
    router: routerKind,
    isolated: engine.kind === 'docker',
    mailbox: mail.mailbox !== null,
  } as const;
  const usage = startUsageRecorder({ engine, records: store.usage, clock, log, everyMs: config.timing.usageEveryMs });
  undo.add('usage', () => usage.close());
  places.usageOf = (instanceId) => {
    const now = usage.latest().get(instanceId);
    return now === undefined ? null : usageNowView(now);
  };
  const metrics = createMetrics({ store, queue, usage, platform, log });
  undo.add('metrics', () => metrics.close());
  traffic.watch((minutes) => metrics.addTraffic(minutes));
  const trafficNews = createTrafficNews(traffic);
  traffic.start(router);
  const courier = openWebhooks({ store, queue, config, log, userAgent: `Teal/${VERSION}`, linkOf });
  undo.add('webhooks', () => courier.close());
  const certificates = await openCertificates({ store, router, log }, config);
  const { http, remote, routes } = await openHttp({
    certificates,
    courier,
    config,
    log,
    undo,
    folder,
    store,
    deployer,
    engine,
    router,
    metrics,
    trafficNews,
    usage,
    mailbox: mail.mailbox,
    letters: mail.letters,
    places,
    platform,
  });

  // Routes first: no request may meet an empty table. Then the router, which proofs need, then new work.
  await deployer.start();
  undo.add('deployer', () => deployer.close());
  await router.listen();
  places.httpPort = router.publicAddress().port;
  places.httpsPort = router.secureAddress()?.port ?? null;
  const workers = await work.start(deployer);
  undo.add('workers', () => workers.close());
  work.resume(await store.deployments.appsWithWork());
  await listen(http, config);
  places.consolePort = portOf(http);
  places.ssh = await openSshDoor(remote, { config, hostKeyFile: folder.hostKeyFile, log });
  if (engine.kind === 'docker') {
    const ports = [places.consolePort, places.ssh?.port ?? null];
    const isolation = await openIsolation({ config, platformId, ports, log });
    undo.add('isolation', () => isolation.close());
  }

  return {
    id: platformId,
    consoleUrl: places.consoleUrl(),
    appUrlPattern: places.urlOf(ANY_APP),
    secureAppUrlPattern: places.secureUrlOf(ANY_APP),
    httpPort: places.httpPort,
    httpsPort: places.httpsPort,
    ssh: places.ssh,
    firstToken,
    engine: engine.kind,
    router: routerKind,
    isolated: platform.isolated,
    routes,
    close: () => undo.run(),
  };
}

function prepare(config: Config, log: Logger): Promise<HostReport> {
  const want = [
    ...(config.engine === 'process' ? [] : (['docker', 'mmdebstrap'] as const)),
    ...(config.router === 'embedded' ? [] : (['haproxy'] as const)),
  ];
  const environment =
    config.dockerSocket === null ? process.env : { ...process.env, DOCKER_HOST: `unix://${config.dockerSocket}` };
  return prepareHost({ want, install: config.install, environment, say: (line) => log.info({ part: 'host' }, line) });
}

interface Parts {
  config: Config;
  folder: DataFolder;
  log: Logger;
  undo: Undo;
}

async function openStorage({ config, folder, host, log, undo }: Parts & { host: HostReport }) {
  const database = await openDatabase(config, {
    postgresDir: folder.postgresDir,
    runAs: host.accounts?.postgres ?? null,
    log,
  });
  undo.add('database', () => database.stop());
  await migrate({ ...database.options, migrationsDir: config.migrationsDir });
  const keys = await openSecretKeys(config, { file: folder.secretKeyFile, database: database.options });
  const store = await openStore({ ...database.options, secretKeys: keys.keys });
  undo.add('store', () => store.close());
  await keys.forgetOld();
  const firstToken = await initialise(store, config);
  return { store, database: database.options, firstToken };
}

/** First run: platform, organisation, admin and the token that is shown once. */
async function initialise(store: PostgresStore, config: Config): Promise<string | null> {
  const { token, secret } = makeToken('first token');
  const made = await store.accounts.initialise({
    platformId: ids.newId('platform'),
    organisationId: ids.newId('orga'),
    userId: ids.newId('user'),
    email: config.adminEmail,
    token,
  });
  if (made) return secret;
  await store.accounts.setAdminEmail(config.adminEmail);
  return null;
}

function queueBackend({
  config,
  database,
  platformId,
}: {
  config: Config;
  database: DatabaseOptions;
  platformId: string;
}): QueueBackend {
  // A Redis may serve several platforms; a database is one platform's own.
  if (config.redisUrl !== null) return { kind: 'redis', url: config.redisUrl, prefix: `teal:${platformId}` };
  const { connection } = database;
  return {
    kind: 'postgres',
    connection: typeof connection === 'string' ? { connectionString: connection } : connection,
    schema: 'bullmq',
  };
}

async function openMail({ config, folder, log, undo }: Parts) {
  const mailbox = config.smtpUrl === null ? await startMailbox({ dir: folder.mailboxDir }) : null;
  if (mailbox !== null) undo.add('mailbox', () => mailbox.close());
  const sender = createSmtpSender({ url: config.smtpUrl ?? mailbox?.url ?? '', from: config.mailFrom });
  undo.add('mail', async () => sender.close());
  const letters = createLetters((letter, signal) => sender.sendLetter(letter, signal), log);
  undo.add('letters', () => letters.close());
  return { mailbox, sender, letters };
}

/** Where people reach things; ports are known once everything listens. */
function createPlaces(config: Config) {
  const consoleHost = config.host === '127.0.0.1' ? 'localhost' : config.domain;
  const withPort = (port: number) => (port === 80 ? '' : `:${port}`);
  return {
    consolePort: config.consolePort,
    httpPort: config.httpPort,
    /** Null without HTTPS. */
    httpsPort: config.httpsPort,
    ssh: null as SshPlace | null,
    usageOf: (_instanceId: string): InstanceUsageView | null => null,
    consoleUrl(): string {
      return `http://${consoleHost}${withPort(this.consolePort)}`;
    },
    domain: config.domain,
    urlOf(app: Pick<App, 'name' | 'domains'>): string {
      return `http://${hostsOf(app, config.domain)[0]}${withPort(this.httpPort)}/`;
    },
    secureUrlOf(app: Pick<App, 'name' | 'domains'>): string | null {
      if (this.httpsPort === null) return null;
      return `https://${hostsOf(app, config.domain)[0]}${this.httpsPort === 443 ? '' : `:${this.httpsPort}`}/`;
    },
    gitUrlOf(app: Pick<App, 'name'>): string {
      return `${this.consoleUrl()}/git/${app.name}.git`;
    },
  };
}

interface HttpParts extends Parts, Pick<RouteDeps, 'router' | 'metrics' | 'trafficNews' | 'usage'> {
  store: PostgresStore;
  deployer: Deployer;
  engine: Engine;
  mailbox: Mailbox | null;
  letters: Letters;
  places: ReturnType<typeof createPlaces>;
  certificates: PlatformCertificates;
  courier: Courier;
  platform: Omit<Me['platform'], 'appUrlPattern' | 'secureAppUrlPattern'>;
}

async function openHttp(
  parts: HttpParts,
): Promise<{ http: FastifyInstance; remote: GitRemote; routes: readonly RouteEntry[] }> {
  const { config, folder, log, undo, store, deployer, places } = parts;
  applyGitEnvironment(process.env, { hooksDir: hooksFolder(folder.runtimeDir), maxPushBytes: config.maxPushBytes });
  const { handlers, withAddress } = gitHandlers({ store, deployer, log });
  const remote = createGitRemote({
    repositoriesDir: folder.repositoriesDir,
    stateDir: folder.runtimeDir,
    maxPushBytes: config.maxPushBytes,
    handlers,
  });
  await remote.listen();
  if (!folder.runtimeDir.startsWith(folder.dir))
    undo.add('runtime folder', () => rm(folder.runtimeDir, { recursive: true, force: true }));
  const streams = createEventStreams();
  const platform: Me['platform'] = {
    ...parts.platform,
    get appUrlPattern() {
      return places.urlOf(ANY_APP);
    },
    get secureAppUrlPattern() {
      return places.secureUrlOf(ANY_APP);
    },
  };
  const background = new Set<Promise<void>>();
  const { app: http, routes } = await createHttpServer({
    deps: {
      store,
      deployer: forRequests(deployer),
      passwords: createPasswords(),
      attempts: createAttempts(),
      letters: parts.letters,
      resetLimit: createResetLimit(),
      background(task) {
        const kept = task.finally(() => background.delete(kept));
        background.add(kept);
      },
      certificates: parts.certificates,
      courier: parts.courier,
      engine: parts.engine,
      mailbox: parts.mailbox,
      router: parts.router,
      metrics: parts.metrics,
      trafficNews: parts.trafficNews,
      usage: parts.usage,
      places,
      platform,
      streams,
      dropKey: (fingerprint) => remote.dropKey(fingerprint),
    },
    git: (request, response, address) => withAddress(address, () => remote.handle(request, response)),
    consoleDir: config.consoleDir,
    trustProxy: config.trustedProxies,
    log: log as FastifyBaseLogger,
  });
  undo.add('requests’ background work', async () => void (await Promise.all(background)));
  undo.add('http', () => closeHttp(http));
  undo.add('git remote', () => remote.close());
  undo.add('event streams', async () => streams.close());
  return { http, remote, routes };
}

async function listen(http: FastifyInstance, config: Config): Promise<void> {
  try {
    await http.listen({
      host: config.host === '127.0.0.1' ? 'localhost' : config.host,
      port: config.consolePort,
      listenTextResolver: (address) => `the console, API and git listen at ${address}`,
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new TealError(
      'port_taken',
      { port: config.consolePort, host: config.host, option: '--console-port' },
      { cause },
    );
  }
}

/** Lets requests under way end, but not for ever. */
async function closeHttp(http: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => http.server.closeAllConnections(), CLOSE_DEADLINE_MS);
  await http.close();
  clearTimeout(cut);
}

function portOf(http: FastifyInstance): number {
  const address = http.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
