/** HAProxy and its supervisor killed, frozen, left alone, adopted, replaced and outgrown, under load that may lose nothing. */
import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { APP, HOST, House, until, within } from '../../../test/conformance/router/fixture.ts';
import { until as patiently } from '../../../test/conformance/until.ts';
import { type Load, startLoad } from '../../../test/load/load.ts';
import { type Notice, readNotice } from '../src/haproxy/notice.ts';
import { isAlive, signal } from '../src/haproxy/processMark.ts';
import { endSupervisor, type HaproxyRouter, type HaproxyRouterOptions } from '../src/index.ts';
import { makeHaproxy, PROOF_SECRET } from './haproxy.ts';

/** A router that serves, the folder it keeps its state in, and what every test does to it. */
class Life extends House {
  readonly dir: string;
  readonly haproxy: HaproxyRouter;

  private constructor(haproxy: HaproxyRouter, dir: string) {
    super({ router: haproxy, proofSecret: PROOF_SECRET });
    this.haproxy = haproxy;
    this.dir = dir;
  }

  static async begin(options: Partial<HaproxyRouterOptions> = {}): Promise<Life> {
    const { router, dir } = await makeHaproxy(options);
    const life = new Life(router, dir);
    lives.push(life);
    await router.listen();
    return life;
  }

  get notice(): Notice {
    const notice = readNotice(this.dir);
    if (notice === null) throw new Error('no supervisor has announced itself');
    return notice;
  }

  /** As a later Teal does it; the one before has let go. */
  async next(options: Partial<HaproxyRouterOptions> = {}): Promise<Life> {
    const { port } = this.address;
    await this.haproxy.close();
    const { router } = await makeHaproxy({ stateDir: this.dir, port, ...options });
    const life = new Life(router, this.dir);
    lives.push(life);
    return life;
  }

  load(): Load {
    return startLoad({ address: this.address, host: HOST, keepAliveConnections: 9, ratePerSecond: 300 });
  }

  /** Traffic goes on for a while, so that whatever has been done meets it. */
  async more(load: Load, count = 150): Promise<void> {
    const wanted = load.counters.requests + count;
    await until('requests are answered', () => load.counters.requests >= wanted);
  }
}

const lives: Life[] = [];
afterEach(async () => {
  for (const life of lives.splice(0).reverse()) {
    await life.close();
    await endSupervisor(life.dir);
    await rm(life.dir, { recursive: true, force: true });
  }
});

async function expectNothingLost(load: Load): Promise<void> {
  const { errors, failed } = await load.stop();
  expect([failed, errors]).toEqual([0, []]);
}

describe('HAProxy, killed', () => {
  it('is back with every route, and a connection that finds it away waits', async () => {
    const life = await Life.begin();
    const origin = await life.live('one');
    for (let i = 0; i < 20; i += 1) {
      await life.haproxy.setPool({
        appId: `app_${i}`,
        colour: 'green',
        releaseId: 'r',
        deploymentId: 'd',
        members: [{ instanceId: `i${i}`, address: origin.address }],
      });
      await life.haproxy.setHosts(`app_${i}`, [`${i}.test`]);
      await life.haproxy.setRoute(`app_${i}`, { mode: 'up', live: 'green' });
    }
    const [killed] = life.notice.serving;
    if (killed === undefined) throw new Error('HAProxy does not run');
    signal(killed, 'SIGKILL');
    await until('it is dead', () => !isAlive(killed));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => life.ask({ host: `${i}.test` })));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect((await life.ask()).headers['x-version']).toBe('one');
    await life.pool('green', await life.origin('two'));
    await life.flip('green');
    expect((await life.ask()).headers['x-version']).toBe('two');
  });
});

describe('the supervisor', () => {
  it('killed, is followed by another, and no request is lost', async () => {
    const life = await Life.begin();
    await life.live('one');
    const load = life.load();
    await life.more(load);
    const { supervisor } = life.notice;
    signal(supervisor, 'SIGKILL');
    await until('another serves', () => isAlive(life.notice.supervisor) && life.notice.serving.length > 0);
    await life.pool('green', await life.origin('two'));
    await life.flip('green');
    expect((await life.ask()).headers['x-version']).toBe('two');
    await life.more(load);
    await expectNothingLost(load);
  });

  it('frozen, is ended and followed by another, and no request is lost', async () => {
    const life = await Life.begin({ patienceMs: 1_000 });
    await life.live('one');
    const load = life.load();
    await life.more(load);
    const { supervisor } = life.notice;
    signal(supervisor, 'SIGSTOP');
    const flipped = life.pool('green', await life.origin('two')).then(() => life.flip('green'));
    await within(20_000, flipped);
    expect(isAlive(supervisor)).toBe(false);
    expect((await life.ask()).headers['x-version']).toBe('two');
    await life.more(load);
    await expectNothingLost(load);
  });

  it('found frozen by a later Teal, is ended', async () => {
    const life = await Life.begin();
    await life.live('one');
    const { supervisor } = life.notice;
    const later = await life.next({ patienceMs: 500 });
    signal(supervisor, 'SIGSTOP');
    await later.live('two');
    await within(20_000, later.haproxy.listen());
    expect(isAlive(supervisor)).toBe(false);
    expect((await later.ask()).headers['x-version']).toBe('two');
  });
});

describe('Teal, gone and back', () => {
  it('adopts what serves, without another process, and no request is lost', async () => {
    const life = await Life.begin();
    await life.live('one');
    const load = life.load();
    await life.more(load);
    const before = life.notice;
    const seen = await life.router.observe(APP);
    const later = await life.next();
    await life.more(load);
    expect(await later.router.observe(APP)).toEqual(seen);
    await later.haproxy.listen();
    await later.pool('green', await later.origin('two'));
    await later.flip('green');
    expect((await later.ask()).headers['x-version']).toBe('two');
    await later.more(load);
    expect(later.notice).toEqual(before);
    await expectNothingLost(load);
  });

  it('with other settings, replaces what serves, and no request is lost', async () => {
    const life = await Life.begin();
    await life.live('one');
    const load = life.load();
    await life.more(load);
    const before = life.notice;
    const later = await life.next({ limits: { keepAliveMs: 61_000 } });
    await later.live('two');
    await life.more(load);
    expect((await life.ask()).headers['x-version']).toBe('one');
    await later.haproxy.listen();
    expect((await later.ask()).headers['x-version']).toBe('two');
    await later.more(load);
    // HAProxy lets its kept connections end with an answer each, the slowest of which is a stream.
    const over = () => ![before.supervisor, ...before.serving].some(isAlive);
    await patiently('the supervisor of before has ended', over, 25_000);
    await later.more(load);
    await expectNothingLost(load);
  });
});

describe('pool pairs', () => {
  it('that run out are grown by another process, and no request is lost', async () => {
    const life = await Life.begin({ minSlots: 2 });
    const origin = await life.live('one');
    const load = life.load();
    await life.more(load);
    const before = life.notice.serving;
    for (let i = 0; i < 6; i += 1) {
      const appId = `app_${i}`;
      const members = [{ instanceId: `i${i}`, address: origin.address }];
      await life.router.setPool({ appId, colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
      await life.router.setHosts(appId, [`${i}.test`]);
      await life.router.setRoute(appId, { mode: 'up', live: 'blue' });
      expect((await life.ask({ host: `${i}.test` })).status).toBe(200);
    }
    await life.more(load);
    const pids = before.map(({ pid }) => pid);
    expect(life.notice.serving.filter(({ pid }) => !pids.includes(pid))).not.toEqual([]);
    await expectNothingLost(load);
  });
});
