/** Things that happen at the same time: pushes, cancels, deletes, clicks. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { startLoad } from '../load/load.ts';
import { ENGINES } from './engines.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

const engine = ENGINES[0] ?? 'process';
const ENDED = ['live', 'failed', 'cancelled', 'replaced'];

describe(`at the same time, on the ${engine} engine`, () => {
  let platform: TestPlatform;
  const repositories: Repository[] = [];
  let count = 0;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine });
  });
  afterEach(async () => {
    await Promise.all(repositories.splice(0).map((repository) => repository.remove()));
  });
  afterAll(() => platform?.destroy());

  /** A fresh app with its repository; `live` versions are pushed first. */
  async function fresh(
    settings: Record<string, unknown>,
    ...live: string[]
  ): Promise<{ name: string; repository: Repository }> {
    count += 1;
    const name = `race-${count}`;
    await platform.createApp(name, settings);
    const repository = await Repository.create(platform.gitUrl(name));
    repositories.push(repository);
    for (const version of live) {
      await repository.commit(version, appSource({ version }));
      const push = await repository.push();
      expect(push.stderr).toContain('is live at');
    }
    return { name, repository };
  }

  const asleep = (name: string) =>
    until(
      'the previous version sleeps',
      async () => (await platform.app(name)).previous?.standing === 'asleep',
      30_000,
    );
  const revive = (name: string, body: Record<string, unknown> = {}) =>
    platform.call<{ deployment: { id: string }; error?: { code: string } }>(
      'POST',
      `/apps/${name}/start-last-pushed-commit`,
      body,
    );

  it('accepts one of two pushes to the same branch and deploys exactly that one', async () => {
    const { name, repository } = await fresh({}, 'v0');
    const other = await Repository.create(platform.gitUrl(name));
    repositories.push(other);
    await other.git('pull', '-q', 'clever', 'main');
    await repository.commit('left', appSource({ version: 'left' }));
    await other.commit('right', appSource({ version: 'right' }));
    const [left, right] = await Promise.all([repository.push(), other.push()]);
    expect([left.code, right.code].sort()).toEqual([0, 1]);
    const winner = left.code === 0 ? 'left' : 'right';
    expect((await platform.get(name)).text).toBe(`version ${winner}\n`);
    expect(await platform.deployments(name)).toHaveLength(2);
  });

  it('deploys pushes to different apps side by side', async () => {
    const apps = await Promise.all([fresh({}), fresh({}), fresh({})]);
    const pushes = await Promise.all(
      apps.map(async ({ name, repository }) => {
        await repository.commit('first', appSource({ version: name }));
        return repository.push();
      }),
    );
    for (const push of pushes) expect(push.stderr).toContain('is live at');
    for (const { name } of apps) expect((await platform.get(name)).text).toBe(`version ${name}\n`);
  });

  it('cancels an older push when a newer one comes', async () => {
    const { name, repository } = await fresh({}, 'v1');
    await repository.commit('slow to start', appSource({ version: 'v2', delayMs: 600_000 }));
    const slow = repository.start('push', 'clever', 'main').result;
    await platform.reached(name, ['probing']);
    await repository.commit('quick', appSource({ version: 'v3' }));
    const quick = await repository.push();
    expect(quick.stderr).toContain('is live at');
    expect((await slow).stderr).toContain('Deployment cancelled: superseded by');
    expect((await platform.deployments(name)).map((d) => d.state)).toEqual(['live', 'cancelled', 'replaced']);
    expect((await platform.get(name)).text).toBe('version v3\n');
    expect((await platform.app(name)).previous?.commit.message).toBe('v1');
  });

  it('lets pushes wait in line where the app wants it so', async () => {
    const { name, repository } = await fresh({ newerPush: 'wait' }, 'v1');
    await repository.commit('second', appSource({ version: 'v2', delayMs: 1_500 }));
    const second = repository.start('push', 'clever', 'main').result;
    await platform.reached(name, ['probing', 'starting']);
    await repository.commit('third', appSource({ version: 'v3' }));
    expect((await repository.push()).stderr).toContain('is live at');
    expect((await second).stderr).toContain('is live at');
    expect((await platform.deployments(name)).map((d) => d.state)).toEqual(['live', 'replaced', 'replaced']);
  });

  it('stops a running build at once when it is cancelled', async () => {
    const { name, repository } = await fresh({}, 'v1');
    await repository.commit('builds for long', appSource({ version: 'v2', build: 'echo building-now && sleep 600' }));
    const push = repository.start('push', 'clever', 'main').result;
    const building = await platform.reached(name, ['building']);
    await until('the build runs', async () => (await platform.log(name, building.id)).includes('building-now'));
    const beganAt = Date.now();
    const cancel = await platform.call('POST', `/apps/${name}/deployments/${building.id}/cancel`);
    expect(cancel.status).toBe(200);
    expect((await platform.ended(name, building.id)).cancelReason).toBe('cancelled by admin');
    expect(Date.now() - beganAt).toBeLessThan(10_000);
    expect((await push).stderr).toContain('Deployment cancelled: cancelled by admin');
    const again = await platform.call<{ error: { code: string } }>(
      'POST',
      `/apps/${name}/deployments/${building.id}/cancel`,
    );
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'deployment_not_cancellable' } } });
  });

  it('goes on deploying when the push client is killed', async () => {
    const { name, repository } = await fresh({}, 'v1');
    await repository.commit('nobody watches', appSource({ version: 'v2', delayMs: 1_000 }));
    const { child, result } = repository.start('push', 'clever', 'main');
    await platform.reached(name, ['building', 'starting', 'probing']);
    child.kill('SIGKILL');
    await result;
    await platform.reached(name, ['live']);
    expect((await platform.get(name)).text).toBe('version v2\n');
  });

  it('removes an app that is deleted while it deploys', async () => {
    const { name, repository } = await fresh({}, 'v1');
    await repository.commit('never ready', appSource({ version: 'v2', delayMs: 600_000 }));
    const push = repository.start('push', 'clever', 'main').result;
    await platform.reached(name, ['probing']);
    const app = await platform.app(name);
    expect((await platform.call('DELETE', `/apps/${name}`)).status).toBe(204);
    expect((await platform.call('GET', `/apps/${name}`)).status).toBe(404);
    await push;
    await until('its repository is gone', () => platform.deletedAll([app]), 60_000);
    expect((await platform.get(name)).status).toBe(404);
    await platform.createApp(name);
  });

  it('starts a new push beside the version that sleeps in its colour, and keeps the sleeper when it fails', async () => {
    const { name, repository } = await fresh({ gateDeadlineMs: 2_000 }, 'v1', 'v2');
    await asleep(name);
    const sleeper = (await platform.app(name)).pools.blue?.instances[0]?.id;
    await repository.commit('broken', appSource({ version: 'v3', status: 500 }));
    expect((await repository.push()).stderr).toContain('DEPLOYMENT FAILED');
    await until(
      'the failed instance is gone',
      async () => (await platform.app(name)).pools.blue?.standing === 'asleep',
    );
    const { body } = await revive(name);
    expect(await platform.ended(name, body.deployment.id)).toMatchObject({ state: 'live' });
    expect((await platform.app(name)).pools.blue?.instances[0]?.id).toBe(sleeper);
    expect((await platform.get(name)).text).toBe('version v1\n');
  });

  it('turns the sleeper off once a new version is live in its colour', async () => {
    const { name, repository } = await fresh({}, 'v1', 'v2');
    await asleep(name);
    await repository.commit('v3', appSource({ version: 'v3' }));
    expect((await repository.push()).stderr).toContain('is live at');
    await asleep(name);
    const app = await platform.app(name);
    expect(app.previous?.commit.message).toBe('v2');
    expect(app.pools.blue).toMatchObject({ standing: 'live', commit: { message: 'v3' } });
    await until('only two instances are left', async () => {
      const { blue, green } = (await platform.app(name)).pools;
      return blue?.instances.length === 1 && green?.instances.length === 1;
    });
  });

  it('revives during a drain: the slow request of the old version ends whole', async () => {
    const { name, repository } = await fresh({}, 'v1');
    const load = startLoad({
      address: platform.routerAddress,
      host: platform.hostOf(name),
      kinds: ['slow-stream'],
      keepAliveConnections: 4,
    });
    await repository.commit('v2', appSource({ version: 'v2' }));
    expect((await repository.push()).stderr).toContain('is live at');
    expect((await platform.app(name)).previous?.standing).toBe('draining');
    const { body } = await revive(name);
    expect(await platform.ended(name, body.deployment.id)).toMatchObject({ state: 'live' });
    expect((await platform.get(name)).text).toBe('version v1\n');
    const report = await load.stop();
    expect(report.errors).toEqual([]);
  });

  it('lets a version sleep although one that got its traffic back is still busy', async () => {
    const { name, repository } = await fresh({}, 'v1');
    const held = new AbortController();
    const stream = await platform.open(name, '/hold', held.signal);
    try {
      await repository.commit('v2', appSource({ version: 'v2' }));
      expect((await repository.push()).stderr).toContain('is live at');
      const { body } = await revive(name);
      await platform.ended(name, body.deployment.id);
      // Its drain deadline is longer than this: nobody may wait for the stream of the version that is live again.
      await until('v2 sleeps', async () => (await platform.app(name)).previous?.standing === 'asleep', 6_000);
      expect(stream.destroyed).toBe(false);
    } finally {
      held.abort();
    }
  });

  it('starts a version that is off from its kept image, and builds one whose image is gone', async () => {
    const { name } = await fresh({ afterFlip: 'stop' }, 'v1', 'v2');
    await until('the old version is off', async () => (await platform.app(name)).previous?.standing === 'off', 30_000);
    const first = await revive(name);
    expect((await platform.ended(name, first.body.deployment.id)).times.building).toBeUndefined();
    expect((await platform.get(name)).text).toBe('version v1\n');
    await until(
      'the replaced version is off',
      async () => (await platform.app(name)).previous?.standing === 'off',
      30_000,
    );
    await platform.removePreviousImage(name);
    const second = await revive(name);
    expect((await platform.ended(name, second.body.deployment.id)).times.building).toBeDefined();
    expect((await platform.get(name)).text).toBe('version v2\n');
  });

  it('takes a double click on revive as one', async () => {
    const { name } = await fresh({}, 'v1', 'v2');
    await asleep(name);
    const live = (await platform.app(name)).live?.deploymentId;
    const [one, two] = await Promise.all([revive(name, { expectedLive: live }), revive(name, { expectedLive: live })]);
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(one.body.deployment.id).toBe(two.body.deployment.id);
    await platform.ended(name, one.body.deployment.id);
    const late = await revive(name, { expectedLive: live });
    expect(late).toMatchObject({ status: 409, body: { error: { code: 'live_changed' } } });
    expect((await platform.get(name)).text).toBe('version v1\n');
  });

  it('stops and starts an app', async () => {
    const { name } = await fresh({}, 'v1');
    expect((await platform.call('POST', `/apps/${name}/stop`)).status).toBe(200);
    expect((await platform.get(name)).status).toBe(503);
    await until('nothing runs', async () => (await platform.app(name)).pools.blue === null, 30_000);
    const { status, body } = await platform.call<{ deployment: { id: string } }>('POST', `/apps/${name}/start`);
    expect(status).toBe(202);
    expect(await platform.ended(name, body.deployment.id)).toMatchObject({ state: 'live', trigger: 'start' });
    expect((await platform.get(name)).text).toBe('version v1\n');
  });

  it('applies changed variables by redeploy only', async () => {
    const { name } = await fresh({}, 'v1');
    const set = { GREETING: 'it\'s "quoted"\n$HOME' };
    const changed = await platform.call('PATCH', `/apps/${name}/environment`, { set });
    expect(changed.body).toMatchObject({ pending: true });
    expect(JSON.parse((await platform.get(name, '/environment')).text).GREETING).toBeUndefined();
    const { body } = await platform.call<{ deployment: { id: string } }>('POST', `/apps/${name}/redeploy`);
    expect(ENDED).toContain((await platform.ended(name, body.deployment.id)).state);
    expect(JSON.parse((await platform.get(name, '/environment')).text)).toMatchObject({ ...set, CC_APP_NAME: name });
    expect((await platform.app(name)).pendingConfiguration).toBe(false);
  });
});
