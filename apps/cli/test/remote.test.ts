import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, startFakeTeal } from './fake-teal.ts';
import { givenApp, givenDeployment, runTeal } from './given.ts';

let teal: FakeTeal;
let folder: string;
beforeEach(async () => {
  teal = await startFakeTeal();
  folder = await mkdtemp(join(tmpdir(), 'teal-cli-'));
  git('init', '--quiet', '--initial-branch=main');
  for (const name of ['hello', 'other', 'named']) teal.on(`GET /api/v1/apps/${name}`, () => givenApp({ name }));
});
afterEach(async () => {
  await teal.close();
  await rm(folder, { recursive: true });
});

function git(...args: string[]): string {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', HOME: folder };
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  return execFileSync('git', [...who, ...args], { cwd: folder, env, encoding: 'utf8' }).trim();
}

const remote = (name: string, app: string, url = teal.url) => git('remote', 'add', name, `${url}/git/${app}.git`);
const status = (...args: string[]) => runTeal(teal, ['status', ...args, '--json'], { cwd: folder });

test('the app is that of the remote "clever", whatever else there is', async () => {
  remote('origin', 'other');
  remote('clever', 'hello');
  expect(JSON.parse((await status()).out).name).toBe('hello');
});

test('any one remote that leads to the server serves, also with a user in its URL', async () => {
  git('remote', 'add', 'origin', 'git@github.com:ada/hello.git');
  git('remote', 'add', 'a.b', `http://teal@localhost:${teal.port}/git/other.git`);
  expect(JSON.parse((await status()).out).name).toBe('other');
});

test('a word or --app wins over the remotes', async () => {
  remote('clever', 'hello');
  expect(JSON.parse((await status('named')).out).name).toBe('named');
  expect(JSON.parse((await status('-a', 'other')).out).name).toBe('other');
});

test('several apps and no "clever" are named in the question', async () => {
  remote('one', 'hello');
  remote('two', 'other');
  const { exit, err } = await status();
  expect(exit).toBe(2);
  expect(err).toContain('hello, other');
});

test('a remote on another server, or none at all, is no answer', async () => {
  remote('clever', 'hello', 'http://localhost:1');
  expect((await status()).exit).toBe(2);
  expect((await runTeal(teal, ['status'], { cwd: tmpdir() })).exit).toBe(2);
  expect(teal.requests).toEqual([]);
});

test('wait means HEAD in a folder of the app, and the last push elsewhere', async () => {
  remote('clever', 'hello');
  await writeFile(join(folder, 'file'), 'text');
  git('add', 'file');
  git('commit', '--quiet', '--message', 'one');
  const head = git('rev-parse', 'HEAD');
  const ofHead = givenDeployment({ id: 'deployment_head', commit: { commit: head, author: '', message: '' } });
  const redeployed = givenDeployment({ id: 'deployment_newer', trigger: 'redeploy', sequence: 9 });
  const pushed = givenDeployment({ id: 'deployment_push', sequence: 8 });
  teal.on('GET /api/v1/apps/hello/deployments', () => ({ deployments: [redeployed, pushed, ofHead], next: null }));
  const wait = (cwd: string, ...args: string[]) => runTeal(teal, ['wait', ...args, '-a', 'hello', '--json'], { cwd });
  expect(JSON.parse((await wait(folder)).out).id).toBe('deployment_head');
  expect(JSON.parse((await wait(folder, 'main')).out).id).toBe('deployment_head');
  expect(JSON.parse((await wait(tmpdir())).out).id).toBe('deployment_push');
});
