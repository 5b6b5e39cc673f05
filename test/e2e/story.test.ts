/** The scenes of the demo on both engines, with a real git client, and what goes on beside them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { startLoad } from '../load/load.ts';
import { ENGINES } from './engines.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

describe.each(ENGINES)('a push on the %s engine', (engine) => {
  let platform: TestPlatform;
  let repository: Repository;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine });
    await platform.createApp('story', { gateDeadlineMs: 3_000 });
    repository = await Repository.create(platform.gitUrl('story'));
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
  });

  it('goes live and answers', async () => {
    expect((await platform.get('story')).status).toBe(503);
    const commit = await repository.commit('version one', appSource({ version: 'v1' }));
    const push = await repository.push();
    expect(push.stderr).toContain('is live at');
    expect(push.code).toBe(0);
    expect((await platform.get('story')).text).toBe('version v1\n');
    const app = await platform.app('story');
    expect(app).toMatchObject({
      state: 'live',
      deployBranch: 'main',
      previous: null,
      live: { commit: { commit, message: 'version one' } },
    });
  });

  it('replaces the version under load without losing a request', async () => {
    const load = startLoad({
      address: platform.routerAddress,
      host: platform.hostOf('story'),
      keepAliveConnections: 9,
      ratePerSecond: 300,
    });
    await until('the load has begun', () => (load.counters.versionsSeen.v1 ?? 0) > 20);
    await repository.commit('version two', appSource({ version: 'v2' }));
    const push = await repository.push();
    expect(push.stderr).toContain('is live at');
    await until('the new version is seen', () => (load.counters.versionsSeen.v2 ?? 0) > 50);
    const report = await load.stop();
    expect(report.errors).toEqual([]);
    expect(report.failed).toBe(0);
    expect(Object.keys(report.versionsSeen).sort()).toEqual(['v1', 'v2']);
  });

  it('puts the replaced version to sleep', async () => {
    const app = await until(
      'version one sleeps',
      async () => {
        const seen = await platform.app('story');
        return seen.previous?.standing === 'asleep' && seen;
      },
      30_000,
    );
    expect(app.pools.blue).toMatchObject({ standing: 'asleep', share: 0 });
    expect(app.pools.green).toMatchObject({ standing: 'live', share: 1 });
  });

  it('keeps the old version when the new one answers 500, and says why by mail and to the push client', async () => {
    await repository.commit('version three is broken', appSource({ version: 'v3', status: 500 }));
    const push = await repository.push();
    expect(push.code).toBe(0);
    expect(push.stderr).toContain('GET / answered 500');
    expect(push.stderr).toContain('DEPLOYMENT FAILED while probing');
    expect(push.stderr).toMatch(/"version two"\) still serves/);
    expect((await platform.get('story')).text).toBe('version v2\n');
    const mail = await until('the failure mail', async () =>
      (await platform.mails()).find((m) => m.text.includes('version three is broken')),
    );
    expect(mail).toMatchObject({ to: ['admin@teal.localhost'] });
    expect(mail.text).toContain('Phase:    probing');
    expect(mail.text).toContain('"version two" still serves');
  });

  it('keeps the old version when the build breaks', async () => {
    await repository.commit(
      'version four does not build',
      appSource({ version: 'v4', build: "echo 'no semicolon' && exit 3" }),
    );
    const push = await repository.push();
    expect(push.stderr).toContain('no semicolon');
    expect(push.stderr).toContain('DEPLOYMENT FAILED while building');
    expect((await platform.get('story')).text).toBe('version v2\n');
    await until('the failure mail', async () => (await platform.mails()).find((m) => m.text.includes('version four')));
  });

  it('starts the last pushed commit again: the very same process, and back', async () => {
    const before = await platform.app('story');
    const sleeping = before.pools.blue?.instances[0];
    const answer = await platform.call<{ deployment: { id: string } }>('POST', '/apps/story/start-last-pushed-commit', {
      expectedLive: before.live?.deploymentId,
    });
    expect(answer.status).toBe(202);
    expect(await platform.ended('story', answer.body.deployment.id)).toMatchObject({
      state: 'live',
      trigger: 'revive',
    });
    expect((await platform.get('story')).text).toBe('version v1\n');
    const after = await platform.app('story');
    expect(after.pools.blue?.instances[0]).toMatchObject({ id: sleeping?.id, startedAt: sleeping?.startedAt });
    expect(after.previous?.commit.message).toBe('version two');
    const back = await platform.call<{ deployment: { id: string } }>(
      'POST',
      '/apps/story/start-last-pushed-commit',
      {},
    );
    await platform.ended('story', back.body.deployment.id);
    expect((await platform.get('story')).text).toBe('version v2\n');
  });

  it('builds nothing for a tree it has built before', async () => {
    await repository.git('revert', '--no-edit', 'HEAD');
    await repository.commit('version two again', appSource({ version: 'v2' }));
    const push = await repository.push();
    expect(push.stderr).toContain('its image is used again');
    expect(push.stderr).not.toContain('==> building');
    expect((await platform.get('story')).text).toBe('version v2\n');
  });

  it('keeps instances running over a restart of the platform and adopts them', async () => {
    const startedAt = (await platform.get('story', '/started')).text;
    await platform.restart();
    expect((await platform.get('story', '/started')).text).toBe(startedAt);
    expect((await platform.app('story')).state).toBe('live');
  });

  it('gives clones and fetches of what was pushed', async () => {
    const clone = await repository.git('clone', '-q', platform.gitUrl('story'), 'clone');
    expect(clone.stderr).toBe('');
    expect(clone.code).toBe(0);
  });
});
