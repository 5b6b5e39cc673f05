/** What HAProxy is for: Teal may be killed in the middle of a switch, stopped and started, and no request is lost. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNotice } from '../../packages/router/src/haproxy/notice.ts';
import { Admin } from '../../packages/router/src/haproxy/supervisor/admin.ts';
import { until } from '../conformance/until.ts';
import { type Load, startLoad } from '../load/load.ts';
import { ChildPlatform } from './child-platform.ts';
import type { PlatformClient } from './client.ts';
import { ROUTERS } from './engines.ts';
import { ROOT_DIR, TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

const APP = 'outlives';
/** Around the one write that moves the traffic, and the records of it. */
const STEPS = [
  'router.setPool after',
  'router.setRoute after',
  'store.deployments.goLive before',
  'router.setRoute after stop',
];

function load(platform: PlatformClient): Load {
  const { routerAddress: address } = platform;
  return startLoad({ address, host: platform.hostOf(APP), keepAliveConnections: 9, ratePerSecond: 200 });
}

/** Traffic that flows while something is so. */
function more(running: Load, count = 60): Promise<unknown> {
  const wanted = running.counters.requests + count;
  return until(`${count} more requests are answered`, () => running.counters.requests >= wanted, 30_000);
}

async function expectNothingLost(running: Load, versions: string[]): Promise<void> {
  const { errors, failed, versionsSeen } = await running.stop();
  expect([failed, errors]).toEqual([0, []]);
  expect(Object.keys(versionsSeen).sort()).toEqual(versions.sort());
}

describe.runIf(ROUTERS.includes('haproxy'))('traffic over HAProxy', () => {
  describe('while Teal is killed and started again', () => {
    let platform: ChildPlatform;
    let repository: Repository;
    let version = 0;

    beforeAll(async () => {
      platform = await ChildPlatform.start('process', 'haproxy');
      await platform.createApp(APP);
      repository = await Repository.create(platform.gitUrl(APP));
      await push();
    });
    afterAll(async () => {
      await repository?.remove();
      await platform?.destroy();
    });

    async function push(): Promise<void> {
      version += 1;
      await repository.commit(`v${version}`, appSource({ version: `v${version}` }));
      await repository.push();
    }

    const live = () =>
      until(
        `v${version} is live and the one before it sleeps`,
        async () => {
          const app = await platform.app(APP);
          const isLive = app.running === null && app.live?.commit.message === `v${version}`;
          return isLive && (version === 1 || app.previous?.standing === 'asleep');
        },
        60_000,
      );

    it.each(STEPS)('loses nothing when Teal ends at "%s" of a switch', async (step) => {
      await live();
      const running = load(platform);
      await more(running);
      const processes = readNotice(join(platform.dataDir, 'haproxy'));
      await platform.haltAt(step);
      const told = push();
      await platform.gone();
      await told;
      await more(running);
      await platform.startAgain();
      await live();
      await more(running);
      expect(readNotice(join(platform.dataDir, 'haproxy'))).toEqual(processes);
      await expectNothingLost(running, [`v${version - 1}`, `v${version}`]);
    });

    it('loses nothing when Teal is stopped in good order and started again', async () => {
      const running = load(platform);
      await more(running);
      await platform.stop();
      await more(running);
      await platform.startAgain();
      await more(running);
      await expectNothingLost(running, [`v${version}`]);
    });

    it('ends with "teal down", which leaves the instances alone unless it is told otherwise', async () => {
      const down = (...args: string[]) =>
        promisify(execFile)(join(ROOT_DIR, 'teal'), [
          'down',
          '--data',
          platform.dataDir,
          '--engine',
          'process',
          ...args,
        ]);
      const started = async () => (await platform.get(APP, '/started')).text;
      const refused = () => expect(platform.get(APP)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      const before = await started();
      expect((await down()).stderr).toContain('HAProxy and its supervisor have ended');
      await platform.gone();
      await refused();
      await platform.startAgain();
      expect(await started()).toBe(before);
      await platform.kill();
      // One answers, the one before it sleeps.
      expect((await down('--instances')).stderr).toContain('2 instances have ended');
      await refused();
      await platform.startAgain();
      await until('what was live is started again', async () => Number(await started()) > Number(before), 30_000);
    });
  });

  describe('changed behind the back of Teal', () => {
    const said: string[] = [];
    let platform: TestPlatform;
    let repository: Repository;
    let admin: Admin;

    beforeAll(async () => {
      const timing = { sweepMs: 300 };
      const logged = (line: string) => void said.push(line);
      platform = await TestPlatform.start({ engine: 'process', router: 'haproxy', timing, logged });
      await platform.createApp(APP);
      repository = await Repository.create(platform.gitUrl(APP));
      await repository.commit('v1', appSource({ version: 'v1' }));
      await repository.push();
      const folder = join(platform.dataDir, 'router');
      const socket = (await readdir(folder)).find((name) => /\.\d+$/.test(name)) ?? '';
      admin = await Admin.open(join(folder, socket));
    });
    afterAll(async () => {
      admin?.close();
      await repository?.remove();
      await platform?.destroy();
    });

    it.each([
      ['a route', (id: string) => `set map state.map ${id} _s:`, 503, 'set-route'],
      ['a route that is gone', (id: string) => `del map state.map ${id}`, 404, 'set-route'],
      ['a host', () => `del map host.map ${APP}.teal.localhost`, 404, 'set-hosts'],
    ])('%s is found at rest, logged and repaired', async (_what, command, meanwhile, action) => {
      const { id } = await platform.app(APP);
      const running = await platform.get(APP);
      expect(running.text).toBe('version v1\n');
      said.length = 0;
      expect(await admin.send(command(id))).toBe('');
      expect([meanwhile, 200]).toContain((await platform.get(APP)).status);
      await until('it is repaired', async () => (await platform.get(APP)).text === 'version v1\n', 15_000);
      const found = () => said.some((line) => line.includes('"reconciled"') && line.includes(action));
      await until('it is logged', found);
    });

    it('a member that is out of its pool is found at rest, logged and repaired', async () => {
      const servers = (await admin.send('show servers state')).split('\n').slice(2);
      const [, backend = '', , name = ''] = servers.map((line) => line.split(' ')).find(([, b]) => b !== 'pages') ?? [];
      said.length = 0;
      expect(await admin.send(`set server ${backend}/${name} state maint`)).toBe('');
      await until('it is repaired', async () => (await platform.get(APP)).text === 'version v1\n', 15_000);
      await until('it is logged', () => said.some((line) => line.includes('fill-pool')));
    });
  });
});
