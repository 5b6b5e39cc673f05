/** What must hold once a fault is over and everything has settled, read from outside: database, Docker, router, folders. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import pg from 'pg';
import type { ChaosPlatform } from './platform.ts';

const ASKED = 4;
const ANSWER_MS = 10_000;

interface Row {
  id: string;
  name: string;
  [column: string]: unknown;
}

export class Invariants {
  readonly #platform: ChaosPlatform;
  /** Null on engine process. */
  readonly #docker: Docker | null;

  constructor(platform: ChaosPlatform, docker: Docker | null) {
    this.#platform = platform;
    this.#docker = docker;
  }

  /** Everything that does not hold now, as sentences; empty: all is well. */
  async broken(): Promise<string[]> {
    const client = new pg.Client({
      host: join(this.#platform.dataDir, 'postgres', 'socket'),
      port: 5432,
      user: 'teal',
      database: 'teal',
      options: '-c search_path=teal',
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const found: string[] = [];
      found.push(...(await this.#rows(client)), ...(await this.#routes(client)), ...(await this.#folders(client)));
      if (this.#docker !== null) found.push(...(await this.#containers(client, this.#docker)));
      found.push(...(await this.#processes()));
      return found;
    } catch (error) {
      return [`it cannot be looked at: ${error instanceof Error ? error.message : error}`];
    } finally {
      void client.end().catch(() => {});
    }
  }

  /** What exists of apps, on a platform that has none any more. */
  async left(): Promise<string[]> {
    const found = (await readdir(join(this.#platform.dataDir, 'repositories'))).map((name) => `repository ${name}`);
    if (this.#docker === null) return found;
    const isOurs = (labels: Record<string, string> | undefined) => 'teal.app' in (labels ?? {});
    const containers = (await this.#docker.listContainers({ all: true })).filter((one) => isOurs(one.Labels));
    const networks = (await this.#docker.listNetworks()).filter((one) => isOurs(one.Labels));
    const images = (await this.#docker.listImages()).filter((one) => isOurs(one.Labels));
    return [
      ...found,
      ...containers.map((one) => `container ${one.Names[0]}`),
      ...networks.map((one) => `network ${one.Name}`),
      ...images.map((one) => `image ${one.RepoTags?.[0] ?? one.Id}`),
    ];
  }

  async #rows(client: pg.Client): Promise<string[]> {
    const all = async (text: string) => (await client.query<Row>(text)).rows;
    const unfinished = await all(`select id, state as name from deployments
      where state not in ('live', 'replaced', 'failed', 'cancelled')`);
    const live = await all(`select a.id, a.name from apps a where not a.deleting and a.live_release_id is distinct from
      (select d.release_id from deployments d where d.app_id = a.id and d.state = 'live')`);
    const reasons = await all(`select id, state as name from deployments where state = 'failed' and failure is null`);
    const mails = await all(
      `select id, recipient as name from outbox where state = 'waiting' and due_at <= clock_timestamp()`,
    );
    const pushes = await all(`select id, state as name from pushes
      where state = 'confirmed' and command is not null and not exists (select 1 from deployments d where d.push_id = pushes.id)`);
    return [
      ...unfinished.map(({ id, name }) => `deployment ${id} is ${name}`),
      ...live.map(({ name }) => `the live release of ${name} is not that of its live deployment`),
      ...reasons.map(({ id }) => `deployment ${id} failed without a reason`),
      ...mails.map(({ id }) => `mail ${id} is due and not sent`),
      ...pushes.map(({ id }) => `push ${id} has no deployment`),
    ];
  }

  /** Every app answers from what the database says is live. */
  async #routes(client: pg.Client): Promise<string[]> {
    const { rows } = await client.query<{ name: string; message: string }>(
      `select a.name, d.commit->>'message' as message from apps a join deployments d on d.app_id = a.id and d.state = 'live'
       where not a.stopped and not a.deleting`,
    );
    const found: string[] = [];
    for (const { name, message } of rows) {
      for (let i = 0; i < ASKED; i += 1) {
        const answer = await within(this.#platform.get(name)).catch((error: Error) => error);
        if (answer instanceof Error) found.push(`${name}: ${answer.message}`);
        else if (answer.status !== 200 || answer.text !== `version ${message}\n`) {
          found.push(
            `${name} is to answer ${message}, and answers ${answer.status} ${answer.text.slice(0, 40).trim()}`,
          );
        }
      }
    }
    return found;
  }

  async #containers(client: pg.Client, docker: Docker): Promise<string[]> {
    const ids = async (text: string) => (await client.query<Row>(text)).rows.map((row) => row.id);
    const containers = (await docker.listContainers({ all: true })).filter((one) => 'teal.instance' in one.Labels);
    const seen = containers.map((one) => `${one.Labels['teal.instance']} ${one.State}`);
    const rows = await ids(
      `select id || case state when 'asleep' then ' paused' else ' running' end as id from instances where state <> 'off'`,
    );
    const networks = (await docker.listNetworks()).flatMap((one) => one.Labels?.['teal.app'] ?? []);
    const apps = await ids('select id from apps');
    const images = (await docker.listImages()).filter((one) => 'teal.app' in (one.Labels ?? {}));
    const tags = images.flatMap((one) => one.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
    const refs = await ids('select ref as id from images');
    const live = await ids(`select ref as id from images where id in
      (select image_id from releases where id in (select live_release_id from apps))`);
    const dangling =
      images.length - images.filter((one) => (one.RepoTags ?? []).some((tag) => tag !== '<none>:<none>')).length;
    return [
      ...differences('container', seen, rows),
      ...differences(
        'network',
        networks,
        networks.filter((id) => apps.includes(id)),
      ),
      ...differences(
        'image',
        tags,
        tags.filter((tag) => refs.includes(tag)),
      ),
      ...live.filter((ref) => !tags.includes(ref)).map((ref) => `the image ${ref} of a live release is missing`),
      ...(dangling > 0 ? [`${dangling} images without a name are left`] : []),
    ];
  }

  async #folders(client: pg.Client): Promise<string[]> {
    const apps = (await client.query<Row>(`select id || '.git' as id from apps`)).rows.map((row) => row.id);
    const repositories = await readdir(join(this.#platform.dataDir, 'repositories'));
    const bases = await readdir(join(this.#platform.dataDir, 'engine', 'docker', 'bases')).catch(() => []);
    return [...differences('repository', repositories, apps), ...bases.map((name) => `the folder ${name} is left`)];
  }

  async #processes(): Promise<string[]> {
    const supervisors = await this.#platform.supervisors();
    const haproxies = await this.#platform.haproxies();
    const found: string[] = [];
    if (!this.#platform.runs) found.push('the platform does not run');
    if (supervisors.length !== 1) found.push(`${supervisors.length} supervisors run`);
    if (haproxies.length !== 1) found.push(`${haproxies.length} HAProxies run`);
    return found;
  }
}

function differences(what: string, seen: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...seen.filter((one) => !wanted.includes(one)).map((one) => `${what} ${one} is unknown to the database`),
    ...wanted.filter((one) => !seen.includes(one)).map((one) => `${what} ${one} is missing`),
  ];
}

export async function within<T>(work: Promise<T>, timeoutMs = ANSWER_MS): Promise<T> {
  work.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
