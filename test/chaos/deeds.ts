/** What users do meanwhile: pushes good and bad, revives, redeploys, cancels. Each ends by itself; its outcome is judged elsewhere. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';
import type { Random } from '../simulation/random.ts';
import { within } from './invariants.ts';
import type { ChaosPlatform } from './platform.ts';

const DEED_MS = 90_000;

/** Says in each answer which instance gave it, and at `/about` who it is. */
const NAMED = `
const create = http.createServer;
http.createServer = (handle) => create((request, response) => {
  response.setHeader('x-instance', process.env.INSTANCE_ID);
  if (request.url === '/about') return response.end(JSON.stringify({ instance: process.env.INSTANCE_ID, pid: process.pid, startedAt }));
  handle(request, response);
});`;

export class Deeds {
  readonly #platform: ChaosPlatform;
  readonly #repository: Repository;
  readonly #app: string;
  #versions = 0;

  constructor(platform: ChaosPlatform, repository: Repository, app: string) {
    this.#platform = platform;
    this.#repository = repository;
    this.#app = app;
  }

  async push(status = 200): Promise<string> {
    this.#versions += 1;
    const version = `v${this.#versions}`;
    await this.#repository.commit(version, appSource({ version, status, before: NAMED }));
    const { child, result } = this.#repository.start('push', '-f', 'clever', 'main');
    const timer = setTimeout(() => child.kill('SIGKILL'), DEED_MS);
    const { stderr } = await result.finally(() => clearTimeout(timer));
    return stderr;
  }

  /** Says what it was. Never rejects: what is refused or cut off is what a fault does. */
  async random(random: Random): Promise<string> {
    const deed = random.of(['push', 'push', 'push', 'bad push', 'revive', 'revive', 'redeploy', 'cancelled push']);
    const act = async () => {
      if (deed === 'push') await this.push();
      else if (deed === 'bad push') await this.push(500);
      else if (deed === 'revive') await this.#post('start-last-pushed-commit');
      else if (deed === 'redeploy') await this.#post('redeploy');
      else await Promise.all([this.push(), this.#cancel(random.between(100, 900))]);
    };
    await within(act(), DEED_MS + 5_000).catch(() => {});
    return deed;
  }

  async #cancel(afterMs: number): Promise<void> {
    await pause(afterMs);
    const [newest] = await within(this.#platform.deployments(this.#app));
    if (newest !== undefined) await this.#post(`deployments/${newest.id}/cancel`);
  }

  async #post(what: string): Promise<void> {
    await within(this.#platform.call('POST', `/apps/${this.#app}/${what}`, {}));
  }
}
