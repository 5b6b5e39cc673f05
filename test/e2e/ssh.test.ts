/** Git over SSH from the key to the deployment, with git and OpenSSH as people have them, on the engine `process`. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KeyListView, KeyView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

const run = promisify(execFile);
let teal: TestPlatform;
let repository: Repository;
let keys: string;

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'teal-keys-'));
  teal = await TestPlatform.start({ engine: 'process' });
  for (const app of ['shop', 'blog']) await teal.createApp(app);
  repository = await Repository.create(sshUrl('shop'));
  await repository.commit('v1', appSource({ version: 'v1', status: 200 }));
});
afterAll(async () => {
  await repository?.remove();
  await teal?.destroy();
  await rm(keys, { recursive: true, force: true });
});

const sshUrl = (app: string) => `ssh://git@127.0.0.1:${teal.sshPort}/${app}.git`;

async function makeKey(name: string): Promise<string> {
  await run('ssh-keygen', ['-q', '-N', '', '-C', `${name}@host`, '-t', 'ed25519', '-f', join(keys, name)]);
  return readFile(join(keys, `${name}.pub`), 'utf8');
}

function withKey(name: string): string[] {
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=accept-new', 'LogLevel=ERROR'];
  const words = [...options, `UserKnownHostsFile=${join(keys, 'known')}`].map((option) => `-o ${option}`);
  return ['-c', `core.sshCommand=ssh -F /dev/null -i ${join(keys, name)} ${words.join(' ')}`];
}

describe('git over SSH', () => {
  it('deploys a push with a person’s key, with the log in it', async () => {
    const { status, body } = await teal.call<KeyView>('POST', '/keys', { key: await makeKey('ada') });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { name: 'ada@host', type: 'ssh-ed25519', lastUsedAt: null },
    });
    const pushed = await repository.git(...withKey('ada'), 'push', '-o', 'note=over ssh', 'clever', 'main');
    expect(pushed.stderr).toContain('is live at');
    expect((await teal.get('shop')).text).toBe('version v1\n');
    const list = (await teal.call<KeyListView>('GET', '/keys')).body;
    expect(list.keys[0]?.lastUsedAt).not.toBeNull();
    expect(list.ssh?.urlPattern).toBe(`ssh://git@localhost:${teal.sshPort}/<app>.git`);
    expect((await readFile(join(keys, 'known'), 'utf8')).split('\n')[0]).toMatch(/ssh-ed25519/);
  });

  it('lets an app’s key do what it was made for, with that app alone', async () => {
    await teal.call('POST', '/apps/shop/keys', { key: await makeKey('reader') });
    await teal.call('POST', '/apps/shop/keys', { key: await makeKey('ci'), name: 'ci', write: true });
    await repository.commit('v2', appSource({ version: 'v2', status: 200 }));
    const push = (key: string, url: string) => repository.git(...withKey(key), 'push', url, 'main');
    expect((await repository.git(...withKey('reader'), 'ls-remote', sshUrl('shop'))).stdout).toContain(
      'refs/heads/main',
    );
    expect(await push('reader', sshUrl('shop'))).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('You may not do this'),
    });
    const missing = await push('ci', sshUrl('missing'));
    expect(missing).toMatchObject({ code: 128, stderr: expect.stringContaining('There is no repository here') });
    expect((await push('ci', sshUrl('blog'))).stderr).toBe(missing.stderr);
    expect((await push('ci', sshUrl('shop'))).stderr).toContain('is live at');
    const { body } = await teal.call<{ deployments: { requestedBy: string }[] }>('GET', '/apps/shop/deployments');
    expect(body.deployments[0]?.requestedBy).toBe('key ci');
  });

  it('refuses keys that are none, taken or gone', async () => {
    const ada = await readFile(join(keys, 'ada.pub'), 'utf8');
    expect(await teal.call('POST', '/apps/blog/keys', { key: ada })).toMatchObject({
      status: 409,
      body: { error: { code: 'key_taken' } },
    });
    for (const key of ['ssh-ed25519 AAAA', await readFile(join(keys, 'ada'), 'utf8'), 'x'.repeat(15_000)]) {
      expect(await teal.call('POST', '/keys', { key })).toMatchObject({
        status: 422,
        body: { error: { code: 'key_invalid' } },
      });
    }
    expect((await teal.call('DELETE', '/keys/key_1')).status).toBe(404);
    const [own] = (await teal.call<KeyListView>('GET', '/keys')).body.keys;
    expect((await teal.call('DELETE', `/apps/shop/keys/${own?.id}`)).status).toBe(404);
    expect((await teal.call('DELETE', `/keys/${own?.id}`)).status).toBe(204);
    const refused = await repository.git(...withKey('ada'), 'ls-remote', sshUrl('shop'));
    expect(refused).toMatchObject({ code: 128, stderr: expect.stringContaining('Permission denied (publickey)') });
  });

  it('proves itself by the same key after a restart', async () => {
    await teal.restart();
    expect((await stat(join(teal.dataDir, 'ssh-host-key'))).mode & 0o777).toBe(0o600);
    const listed = await repository.git(...withKey('ci'), 'ls-remote', sshUrl('shop'));
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('refs/heads/main') });
  });
});
