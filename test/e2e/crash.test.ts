/** The platform killed or stopped at named steps: afterwards what was live answers, and the work ends as it should. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { ChildPlatform } from './child-platform.ts';
import { describeSideBySide } from './engines.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

/** One per kind of port and side of its call; the simulation takes every one. */
const PUSH_STEPS = [
  'store.pushes.confirm before',
  'store.pushes.confirm after',
  'engine.build after',
  'engine.start before',
  'prober.probe after',
  'router.setRoute before',
  'store.deployments.goLive before',
  'store.deployments.goLive after',
  'engine.sleep before',
  'engine.build before stop',
  'prober.probe after stop',
];
const REVIVE_STEPS = ['engine.wake after', 'store.deployments.goLive after'];

/** On Docker those at which the engine itself matters, over HAProxy. */
const DOCKER_STEPS = ['engine.build before', 'engine.start after', 'router.setRoute after', 'engine.sleep after'];

describeSideBySide('ended at a step', (engine) => {
  let platform: ChildPlatform;
  let repository: Repository;
  let version = 0;

  beforeAll(async () => {
    platform = await ChildPlatform.start(engine);
    await platform.createApp('crash');
    repository = await Repository.create(platform.gitUrl('crash'));
    await push();
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
  });

  async function push(): Promise<string> {
    version += 1;
    await repository.commit(`v${version}`, appSource({ version: `v${version}` }));
    return (await repository.push()).stderr;
  }

  const atRest = (text: string) =>
    until(
      `${text} is live and the one before it sleeps`,
      async () => {
        const app = await platform.app('crash');
        return app.running === null && app.live?.commit.message === text && app.previous?.standing === 'asleep';
      },
      60_000,
    );

  it.each(engine === 'docker' ? DOCKER_STEPS : PUSH_STEPS)('finishes a push after "%s"', async (point) => {
    const before = (await platform.app('crash')).live?.commit.message ?? '';
    await platform.haltAt(point);
    const told = push();
    await platform.gone();
    await told;
    await platform.startAgain();
    // Whatever was live answers from the first moment on.
    const answer = await platform.get('crash');
    expect(answer.status).toBe(200);
    expect([`version ${before}\n`, `version v${version}\n`]).toContain(answer.text);
    await atRest(`v${version}`);
    expect((await platform.get('crash')).text).toBe(`version v${version}\n`);
    const [newest, earlier] = await platform.deployments('crash');
    expect([newest?.state, newest?.failure, earlier?.state]).toEqual(['live', null, 'replaced']);
    const { pools } = await platform.app('crash');
    expect([pools.blue?.instances.length, pools.green?.instances.length]).toEqual([1, 1]);
  });

  it.each(engine === 'docker' ? REVIVE_STEPS.slice(0, 1) : REVIVE_STEPS)(
    'finishes a revive after "%s"',
    async (point) => {
      const app = await platform.app('crash');
      const wanted = app.previous?.commit.message ?? '';
      await platform.haltAt(point);
      await platform.call('POST', '/apps/crash/start-last-pushed-commit', {}).catch(() => {});
      await platform.gone();
      await platform.startAgain();
      expect((await platform.get('crash')).status).toBe(200);
      await atRest(wanted);
      expect((await platform.get('crash')).text).toBe(`version ${wanted}\n`);
    },
  );
});
