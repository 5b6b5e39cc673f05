import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { applyGitEnvironment, createGitRemote, gitEnvironment } from '../src/index.ts';
import { git, makeClone, startServer, type TestServer } from './server.ts';

const OPTIONS = { hooksDir: '/state/hooks', maxPushBytes: 1_000 };
let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

test('replaces every git variable and no other', () => {
  const environment: Record<string, string | undefined> = {
    PATH: '/bin',
    GIT_DIR: '/evil',
    GIT_EXEC_PATH: '/evil',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.sshCommand',
    GIT_CONFIG_VALUE_0: 'evil',
    GIT_CONFIG_KEY_99: 'core.pager',
  };
  applyGitEnvironment(environment, OPTIONS);
  expect(environment).toEqual({ PATH: '/bin', ...gitEnvironment(OPTIONS) });
  const count = Number(environment.GIT_CONFIG_COUNT);
  const keys = Array.from({ length: count }, (_, index) => environment[`GIT_CONFIG_KEY_${index}`]);
  expect(keys).toContain('core.hooksPath');
  expect(keys).not.toContain(undefined);
  expect(environment[`GIT_CONFIG_KEY_${count}`]).toBeUndefined();
});

test('keeps the variables of the shell that started the server from git', async () => {
  Object.assign(process.env, { GIT_DIR: '/nowhere', GIT_TRACE: '1', GIT_OBJECT_DIRECTORY: '/nowhere' });
  server = await startServer();
  const clone = await makeClone(server, 'clone', { 'index.html': 'hello' });
  const result = await git(clone, ['push', server.url('shop'), 'main']);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).not.toContain('trace');
});

test('runs hooks whatever the server was started with', async () => {
  Object.assign(process.env, { NODE_OPTIONS: '--title=hook', PERL5OPT: '-MNoSuchModule' });
  try {
    for (const hookProgram of ['perl', 'node'] as const) {
      server = await startServer({ hookProgram });
      const clone = await makeClone(server, "it's", { 'index.html': 'hello' });
      const result = await git(clone, ['push', server.url('shop'), 'main']);
      expect(result.code, result.stderr).toBe(0);
      await server.close();
      server = undefined;
    }
  } finally {
    delete process.env.NODE_OPTIONS;
    delete process.env.PERL5OPT;
  }
});

test('refuses a data folder whose path is too long for a socket', async () => {
  const handlers = {
    authenticate: async () => null,
    authorize: async () => null,
    accept: async () => '',
    landed: async function* () {},
  };
  const stateDir = join('/tmp', 'x'.repeat(120));
  const remote = createGitRemote({ repositoriesDir: '/tmp/none', stateDir, handlers });
  await expect(remote.listen()).rejects.toMatchObject({ code: 'configuration_invalid' });
});
