/** docker-compose.yml from `up` to `down`, with this machine's engine and with stand-ins where no registry answers. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { PlatformClient } from '../e2e/client.ts';
import { ENGINES } from '../e2e/engines.ts';
import { Repository } from '../e2e/repository.ts';
import { startLoad } from '../load/load.ts';
import { Compose } from './compose.ts';
import { BUILD_IMAGES, docker, makeStandIns, removeImages, SERVICE_IMAGES } from './images.ts';

/** The image installs packages of Debian and of npm, which takes as long as the network does. */
const IMAGE_DEADLINE_MS = 600_000;

const EXAMPLE = join(import.meta.dirname, '../../examples/hello-node');

class ComposedPlatform extends PlatformClient {
  readonly dataDir = '';
  readonly token: string;
  readonly consoleUrl: string;
  readonly routerAddress: { host: string; port: number };

  constructor(compose: Compose, token: string) {
    super();
    this.token = token;
    this.consoleUrl = `http://localhost:${compose.consolePort}`;
    this.routerAddress = { host: '127.0.0.1', port: compose.httpPort };
  }
}

describe.skipIf(!ENGINES.includes('docker'))('docker compose', () => {
  const standIns: string[] = [];
  let compose: Compose;
  let platform: ComposedPlatform;
  let repository: Repository;
  let app: AppView;

  beforeAll(async () => {
    compose = await Compose.prepare();
    await makeStandIns(BUILD_IMAGES, standIns);
    await Promise.all([makeStandIns(SERVICE_IMAGES, standIns), compose.run('build')]);
  }, IMAGE_DEADLINE_MS);
  afterAll(async () => {
    await repository?.remove();
    await compose?.destroy();
    await removeImages(standIns);
  });

  const healthy = () =>
    until(
      'Teal answers',
      async () => (await fetch(`http://localhost:${compose.consolePort}/health`).catch(() => null))?.ok,
      60_000,
    );

  /** The app's state with those that run it, by colour. */
  async function instances() {
    const { state, pools } = await platform.app('composed');
    const ids = (pool: typeof pools.blue) => pool?.instances.map(({ id, startedAt }) => [id, startedAt]);
    return { state, blue: ids(pools.blue), green: ids(pools.green) };
  }

  it('brings the platform up and prints the first token', async () => {
    await compose.run('up', '--detach');
    await healthy();
    const log = await compose.run('logs', '--no-color', 'teal');
    const token = /teal_[\w-]{43}/.exec(log)?.[0];
    expect(token, log).toBeDefined();
    platform = new ComposedPlatform(compose, token ?? '');
    expect((await platform.call('GET', '/me')).status).toBe(200);
  });

  it("deploys a push on the host's engine, and the app answers", async () => {
    app = await platform.createApp('composed');
    repository = await Repository.create(platform.gitUrl('composed'));
    const names = ['package.json', 'package-lock.json', 'server.js'];
    const files = await Promise.all(names.map(async (name) => [name, await readFile(join(EXAMPLE, name), 'utf8')]));
    await repository.commit('hello', Object.fromEntries(files));
    expect((await repository.push()).stderr).toContain('is live at');
    expect((await platform.get('composed')).status).toBe(200);
    expect(await docker('ps', '--quiet', '--filter', `label=teal.app=${app.id}`)).not.toBe('');
  });

  it('keeps the app and its instance when Teal is made anew, and loses no request', async () => {
    const before = await instances();
    const { routerAddress: address } = platform;
    const load = startLoad({
      address,
      host: platform.hostOf('composed'),
      keepAliveConnections: 6,
      ratePerSecond: 100,
    });
    const more = (count: number) => {
      const wanted = load.counters.requests + count;
      return until(`${count} more requests are answered`, () => load.counters.requests >= wanted, 30_000);
    };
    await more(50);
    await compose.run('up', '--detach', '--no-deps', '--force-recreate', 'teal');
    await healthy();
    await more(50);
    const { errors, failed } = await load.stop();
    expect([failed, errors]).toEqual([0, []]);
    expect(await instances()).toEqual(before);
  });

  it('serves again when HAProxy is made anew', async () => {
    await compose.run('up', '--detach', '--no-deps', '--force-recreate', 'haproxy');
    const answers = () =>
      platform.get('composed').then(
        ({ status }) => status === 200,
        () => false,
      );
    await until('the app answers', answers, 60_000);
  });

  it('is gone after `down`, once its apps are deleted', async () => {
    await platform.call('DELETE', `/apps/${app.id}`);
    const mine = ['--filter', `label=teal.app=${app.id}`];
    await until(
      'the app is gone',
      async () => `${await docker('ps', '-aq', ...mine)}${await docker('network', 'ls', '-q', ...mine)}` === '',
      60_000,
    );
    await compose.run('down', '--volumes');
    expect(await compose.left()).toEqual([]);
  });
});
