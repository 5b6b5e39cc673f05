/** What runs once around a deployment: the Procfile's release command before it, the hooks after it; both engines. */
import { randomUUID } from 'node:crypto';
import type { DeploymentView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../conformance/oneoff.ts';
import { until } from '../conformance/until.ts';
import { ChildPlatform } from './child-platform.ts';
import type { PlatformClient } from './client.ts';
import { ENGINES } from './engines.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource, type SourceOptions } from './source.ts';

const MIGRATE = `
console.log('migrating for ' + process.env.CC_APP_NAME + ', greeting ' + process.env.GREETING);
if (process.env.MIGRATION === 'fail') {
  console.error('relation "users" is missing');
  process.exitCode = 3;
} else if (process.env.MIGRATION === 'hang') setInterval(() => {}, 1000);
else console.log('migrated at ' + Date.now());
`;

/** Its release command carries `marker`, by which its processes are found. */
function migratingSource(marker: string, options: SourceOptions): Record<string, string> {
  return { ...appSource(options), 'migrate.js': MIGRATE, Procfile: `release: node migrate.js ${marker}\n` };
}

const setVariables = (platform: PlatformClient, app: string, set: Record<string, string>, unset: string[] = []) =>
  platform.call('PATCH', `/apps/${app}/environment`, { set, unset });

const areGone = (marker: string) =>
  until('its processes are gone', async () => (await processesWith(marker)).length === 0, 10_000);

const migrationsIn = (log: string) => log.split('\n').filter((line) => line.startsWith('migrating for')).length;

/** The deployment of that version, once its log holds `text`. */
function told(platform: PlatformClient, app: string, version: string, text: string): Promise<DeploymentView> {
  return until(`the log of ${version} says "${text}"`, async () => {
    const found = (await platform.deployments(app)).find(({ commit }) => commit.message === version);
    return found !== undefined && (await platform.log(app, found.id)).includes(text) && found;
  });
}

describe.each(ENGINES)('a release command on the %s engine', (engine) => {
  const marker = `marker-${randomUUID()}`;
  let platform: TestPlatform;
  let repository: Repository;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine });
    await platform.createApp('release');
    await setVariables(platform, 'release', { GREETING: 'hello' });
    repository = await Repository.create(platform.gitUrl('release'));
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
    expect(await processesWith(marker)).toEqual([]);
  });

  async function push(options: SourceOptions): Promise<string> {
    await repository.commit(options.version, migratingSource(marker, options));
    return (await repository.push()).stderr;
  }

  const liveNow = async () => (await platform.get('release')).text;

  it('runs before anything of the new version, with its variables', async () => {
    const stderr = await push({ version: 'v1' });
    expect(stderr).toContain(`Release command: node migrate.js ${marker}`);
    expect(stderr).toContain('migrating for release, greeting hello');
    expect(stderr).toContain('is live at');
    const migratedAt = Number(/migrated at (\d+)/.exec(stderr)?.[1]);
    expect(migratedAt).toBeLessThanOrEqual(Number((await platform.get('release', '/started')).text));
  });

  it('runs again for the same image, and not for a version that is started again', async () => {
    await push({ version: 'v2' });
    const { body } = await platform.call<{ deployment: DeploymentView }>('POST', '/apps/release/redeploy', {});
    const again = await platform.ended('release', body.deployment.id);
    const log = await platform.log('release', again.id);
    expect([again.state, migrationsIn(log)]).toEqual(['live', 1]);
    expect(log).toContain('its image is used again');

    await platform.call('POST', '/apps/release/start-last-pushed-commit', {});
    const revived = await platform.reached('release', ['live']);
    expect([revived.trigger, await liveNow()]).toEqual(['revive', 'version v1\n']);
    expect(await platform.log('release', revived.id)).not.toContain('Release command');
  });

  it('fails the deployment when it fails, and what is live serves on', async () => {
    await setVariables(platform, 'release', { MIGRATION: 'fail' });
    const before = await liveNow();
    const stderr = await push({ version: 'v3' });
    const reason = `The release command failed: "node migrate.js ${marker}" ended with exit code 3`;
    expect(stderr).toContain(`DEPLOYMENT FAILED while starting: ${reason}`);
    expect(stderr).toContain('relation "users" is missing');
    expect(await liveNow()).toBe(before);
    const [newest] = await platform.deployments('release');
    expect(newest?.failure).toMatchObject({ phase: 'starting', code: 'release_command_failed' });
    const mail = await until('the failure mail is there', async () =>
      (await platform.mails()).find((one) => one.text.includes('relation "users" is missing')),
    );
    expect(mail.text).toContain('exit code 3');
    await areGone(marker);
  });

  it('ends at once when the deployment is cancelled', async () => {
    await setVariables(platform, 'release', { MIGRATION: 'hang' });
    const before = await liveNow();
    const pushing = push({ version: 'v4' });
    const { id } = await told(platform, 'release', 'v4', 'migrating for release');
    expect((await platform.call('POST', `/apps/release/deployments/${id}/cancel`, {})).status).toBeLessThan(300);
    expect(await pushing).toContain('Deployment cancelled');
    expect((await platform.ended('release', id)).state).toBe('cancelled');
    await areGone(marker);
    expect(await liveNow()).toBe(before);
  });

  it.runIf(engine === 'docker')('runs in an image of a Dockerfile, whatever that starts', async () => {
    await setVariables(platform, 'release', {}, ['MIGRATION']);
    const dockerfile = 'FROM teal/node:24\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["node"]\nCMD ["server.js"]\n';
    const files = { ...migratingSource(marker, { version: 'v5' }), Dockerfile: dockerfile };
    await repository.commit('v5', files);
    const { stderr } = await repository.push();
    expect(stderr).toContain('Dockerfile found');
    expect(stderr).toContain('migrated at');
    expect(await liveNow()).toBe('version v5\n');
  });
});

describe.each(ENGINES)('a release command cut off, on the %s engine', (engine) => {
  const marker = `marker-${randomUUID()}`;
  let platform: ChildPlatform;
  let repository: Repository;

  beforeAll(async () => {
    platform = await ChildPlatform.start(engine);
    await platform.createApp('cut');
    repository = await Repository.create(platform.gitUrl('cut'));
    await push('v1');
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
    expect(await processesWith(marker)).toEqual([]);
  });

  async function push(version: string): Promise<string> {
    await repository.commit(version, migratingSource(marker, { version }));
    return (await repository.push()).stderr;
  }

  it.each([
    ['before', 2],
    ['after', 1],
  ])('by a crash %s its success is recorded, ran %i time(s) in the end', async (moment, times) => {
    await platform.haltAt(`store.deployments.releaseCommandDone ${moment}`);
    const pushing = push(`v2-${moment}`);
    await platform.gone();
    await pushing;
    await platform.startAgain();
    const { id } = await platform.reached('cut', ['live']);
    expect((await platform.get('cut')).text).toBe(`version v2-${moment}\n`);
    expect(migrationsIn(await platform.log('cut', id))).toBe(times);
  });

  it('by two crashes fails the deployment and leaves nothing running', { timeout: 60_000 }, async () => {
    await setVariables(platform, 'cut', { MIGRATION: 'hang' });
    const before = (await platform.get('cut')).text;
    const pushing = push('v3');
    const { id } = await told(platform, 'cut', 'v3', 'migrating for cut');
    const alone = (await processesWith(marker)).length;
    await platform.kill();
    await pushing;
    await platform.startAgain();
    await until('it has begun again', async () => migrationsIn(await platform.log('cut', id)) === 2);
    // The lost one does not run beside its successor.
    expect((await processesWith(marker)).length).toBe(alone);
    await platform.kill();
    await platform.startAgain();
    const ended = await platform.ended('cut', id);
    expect(ended.failure).toMatchObject({ phase: 'starting', code: 'worker_lost' });
    await areGone(marker);
    expect((await platform.get('cut')).text).toBe(before);
  });
});

describe.each(ENGINES)('hooks on the %s engine', (engine) => {
  const marker = `marker-${randomUUID()}`;
  let platform: TestPlatform;
  let repository: Repository;
  let version = 0;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine });
    await platform.createApp('hooks', { gateDeadlineMs: 2_500 });
    repository = await Repository.create(platform.gitUrl('hooks'));
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
    await areGone(marker);
  });

  async function push(options: Partial<SourceOptions> = {}): Promise<string> {
    version += 1;
    await repository.commit(`v${version}`, appSource({ version: `v${version}`, ...options }));
    return (await repository.push()).stderr;
  }

  it('run after the end, each for its own outcome, and only tell of their failure', async () => {
    await setVariables(platform, 'hooks', {
      CC_RUN_SUCCEEDED_HOOK: 'echo "succeeded $CC_COMMIT_ID of $CC_APP_NAME"; exit 4',
      CC_RUN_FAILED_HOOK: 'echo "failed $CC_COMMIT_ID"',
    });
    expect(await push()).toContain('is live at');
    const good = await told(platform, 'hooks', `v${version}`, 'CC_RUN_SUCCEEDED_HOOK ended with exit code 4');
    const goodLog = await platform.log('hooks', good.id);
    expect(goodLog).toContain(`succeeded ${good.commit.commit} of hooks`);
    expect(goodLog).not.toContain(`failed ${good.commit.commit}`);
    expect(good.state).toBe('live');

    expect(await push({ status: 500 })).toContain('DEPLOYMENT FAILED while probing');
    const bad = await told(platform, 'hooks', `v${version}`, 'CC_RUN_FAILED_HOOK has ended');
    expect(await platform.log('hooks', bad.id)).toContain(`failed ${bad.commit.commit}`);
    expect((await platform.get('hooks')).text).toBe('version v1\n');
  });

  it.each([
    ['CC_PRE_BUILD_HOOK', 'DEPLOYMENT FAILED while building'],
    ['CC_POST_BUILD_HOOK', 'DEPLOYMENT FAILED while building'],
    ['CC_PRE_RUN_HOOK', 'DEPLOYMENT FAILED while'],
  ])('%s fails the deployment when it fails', async (name, says) => {
    await setVariables(platform, 'hooks', { [name]: 'echo "no luck in $CC_LUCK"; exit 5', CC_LUCK: 'Lucky Town' });
    const stderr = await push();
    await setVariables(platform, 'hooks', {}, [name]);
    expect(stderr).toContain(says);
    expect(stderr).toContain('no luck in Lucky Town');
    expect((await platform.get('hooks')).text).toBe('version v1\n');
  });

  it('hold up neither the next deployment nor a restart of Teal, which ends them', { timeout: 60_000 }, async () => {
    const CC_RUN_SUCCEEDED_HOOK = `echo begun; node -e 'setInterval(() => {}, 1000)' ${marker}`;
    await setVariables(platform, 'hooks', { CC_RUN_SUCCEEDED_HOOK }, ['CC_RUN_FAILED_HOOK']);
    await push();
    const { id } = await told(platform, 'hooks', `v${version}`, 'begun');
    const stderr = await push();
    expect(stderr).toContain('is live at');
    await platform.restart();
    expect(await platform.log('hooks', id)).toContain('CC_RUN_SUCCEEDED_HOOK was stopped');
    await areGone(marker);
  });

  it('end with their app', async () => {
    await push();
    await told(platform, 'hooks', `v${version}`, 'begun');
    await platform.deleteApps();
    await areGone(marker);
  });
});
