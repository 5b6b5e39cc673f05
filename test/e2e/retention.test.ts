/** What becomes of old deployments: forgotten with their logs, while what is live stays whatever its age. */
import type { DeploymentView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

const APP = 'old';

describe('old deployments', () => {
  let platform: TestPlatform;
  let repository: Repository;

  beforeAll(async () => {
    const environment = { TEAL_KEEP_DEPLOYMENTS: '2', TEAL_KEEP_LOGS: '1' };
    platform = await TestPlatform.start({ engine: 'process', environment });
    await platform.createApp(APP);
    repository = await Repository.create(platform.gitUrl(APP));
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
  });

  /** Fails before it has a release. */
  async function failingPush(number: number): Promise<DeploymentView> {
    await repository.commit(`bad ${number}`, appSource({ version: `bad ${number}`, build: 'exit 1' }));
    await repository.push();
    return platform.reached(APP, ['failed']);
  }

  it('are forgotten beyond the kept ones, and said to be gone; their logs sooner', async () => {
    await repository.commit('v1', appSource({ version: 'v1' }));
    await repository.push();
    const live = await platform.reached(APP, ['live']);
    const failed: DeploymentView[] = [];
    for (let number = 1; number <= 3; number += 1) failed.push(await failingPush(number));
    const ids = async () => (await platform.deployments(APP)).map(({ id }) => id);
    await until('the third has pushed the first out', async () => (await ids()).length === 3);
    expect(await ids()).toEqual([failed[2]?.id, failed[1]?.id, live.id]);

    const gone = await platform.call('GET', `/apps/${APP}/deployments/${failed[0]?.id}`);
    expect(gone).toMatchObject({ status: 404, body: { error: { code: 'deployment_not_found' } } });
    expect(JSON.stringify(gone.body)).toContain('or not any more');
    const textOf = async (id?: string) => {
      const { body } = await platform.call<{ lines: { text: string }[] }>('GET', `/apps/${APP}/deployments/${id}/log`);
      return body.lines.map(({ text }) => text).join('\n');
    };
    const isLogGone = async () => (await textOf(failed[1]?.id)) === 'No log is kept of this deployment.';
    await until('the log before the newest is gone', isLogGone);
    expect(await textOf(failed[2]?.id)).not.toContain('No log is kept');
    expect(await textOf(live.id)).not.toContain('No log is kept');
    expect((await platform.get(APP)).text).toBe('version v1\n');
  });
});
