import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  commit,
  eventually,
  git,
  gitOk,
  makeClone,
  present,
  startGit,
  startServer,
  type TestServer,
} from './server.ts';

describe.each(['perl', 'node'] as const)('a git client and the remote, hooks run by %s', (hookProgram) => {
  let server: TestServer;
  let clone: string;

  beforeEach(async () => {
    server = await startServer({ hookProgram });
    clone = await makeClone(server, 'clone', { 'index.html': 'hello' });
  });
  afterEach(() => server.close());

  test('takes a push and tells who pushed what', async () => {
    const head = await gitOk(clone, ['rev-parse', 'HEAD']);
    const result = await git(clone, ['push', server.url('shop'), 'main']);
    expect(result.code, result.stderr).toBe(0);
    const expected = {
      access: { appId: 'app_shop', appName: 'shop', principal: { id: 'user_1', name: 'Ada' } },
      commands: [{ oldCommit: '0'.repeat(40), newCommit: head, ref: 'refs/heads/main' }],
      options: [],
    };
    expect(server.script.accepted).toEqual([expected]);
    expect(server.script.landed).toEqual([expected]);
    expect(await server.reader.head('app_shop', 'main')).toBe(head);
    expect(server.script.lost).toEqual([]);
  });

  test('shows every line before the next one is made', async () => {
    const next = Promise.withResolvers<void>();
    server.script.lines = async function* () {
      yield 'building';
      await next.promise;
      yield 'live\nat last \u001b]8;;javascript:x\u0007';
    };
    const push = startGit(clone, ['push', server.url('shop'), 'main']);
    let seen = '';
    push.stderr?.on('data', (text: string) => {
      seen += text;
    });
    await eventually(() => seen.includes('remote: building'));
    expect(seen).not.toContain('live');
    next.resolve();
    const result = await push.result;
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/remote: live +\nremote: at last +\n/);
    expect(result.stderr).not.toContain('javascript');
  });

  test('refuses the whole push with the sentence of the refusal', async () => {
    server.script.accept = () => {
      throw new TealError('push_branch_delete', { branch: 'main' });
    };
    await gitOk(clone, ['tag', 'v1']);
    const result = await git(clone, ['push', server.url('shop'), 'main', 'v1']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('remote: The deploy branch "main" cannot be deleted: the app runs from it.');
    expect(result.stderr).toContain('! [remote rejected] main -> main (pre-receive hook declined)');
    expect(await gitOk(server.repository('shop'), ['for-each-ref'])).toBe('');
    expect(server.script.landed).toEqual([]);
  });

  test('names a reference, not the error, when Teal itself fails', async () => {
    server.script.accept = () => {
      throw new Error('secret detail');
    };
    const result = await git(clone, ['push', server.url('shop'), 'main']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('remote: Something went wrong inside Teal.');
    expect(result.stderr).not.toContain('secret');
    expect(server.script.errors).toHaveLength(1);
  });

  test('keeps the push when the watching of its deployment fails', async () => {
    server.script.lines = async function* () {
      yield 'building';
      throw new Error('boom');
    };
    const result = await git(clone, ['push', server.url('shop'), 'main']);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toContain('Something went wrong inside Teal');
    expect(await server.reader.head('app_shop', 'main')).not.toBeNull();
  });
});

describe('a git client and the remote', () => {
  let server: TestServer;
  let clone: string;

  beforeEach(async () => {
    server = await startServer();
    clone = await makeClone(server, 'clone', { 'index.html': 'hello' });
  });
  afterEach(() => server.close());

  test('clones, fetches and pulls what was pushed, from a history long enough for packed requests', async () => {
    await gitOk(clone, ['push', server.url('shop'), 'main']);
    await gitOk(server.folder, ['clone', '--quiet', server.url('shop'), 'second']);
    const second = join(server.folder, 'second');
    expect(await readFile(join(second, 'index.html'), 'utf8')).toBe('hello');
    for (let index = 0; index < 40; index += 1) await commit(second, {}, `mine ${index}`);
    await gitOk(second, ['push', '--quiet', 'origin', 'HEAD:refs/heads/other']);
    for (let index = 0; index < 40; index += 1) await commit(clone, { 'index.html': `${index}` }, `theirs ${index}`);
    await gitOk(clone, ['push', '--quiet', server.url('shop'), 'main']);
    await gitOk(second, ['fetch', '--quiet', 'origin']);
    expect(await gitOk(second, ['rev-parse', 'origin/main'])).toBe(await gitOk(clone, ['rev-parse', 'HEAD']));
    await gitOk(server.folder, ['clone', '--quiet', '--depth', '1', server.url('shop'), 'third']);
    expect(await gitOk(join(server.folder, 'third'), ['rev-list', '--count', 'HEAD'])).toBe('1');
  });

  test('lets a clone check out the branch that was pushed first', async () => {
    await gitOk(clone, ['push', server.url('shop'), 'HEAD:refs/heads/master']);
    await gitOk(server.folder, ['clone', '--quiet', server.url('shop'), 'second']);
    expect(await gitOk(join(server.folder, 'second'), ['branch', '--show-current'])).toBe('master');
  });

  test('gives known push options to the handlers and refuses others before anything is stored', async () => {
    await gitOk(clone, ['push', '-o', 'no-cache', '-o', 'note=two; three', server.url('shop'), 'main']);
    expect(server.script.accepted[0]?.options).toEqual(['no-cache', 'note=two; three']);
    await commit(clone, { 'index.html': 'two' });
    for (const option of ['$(touch /tmp/x)', 'deploy=now', `note=${'x'.repeat(60_000)}`]) {
      const result = await git(clone, ['push', '-o', option, server.url('shop'), 'main']);
      expect(result.code).toBe(1);
      expect(result.stderr).toContain('remote: The push option');
      expect(result.stderr).toContain('Known: no-cache, note.');
    }
    expect(server.script.accepted).toHaveLength(1);
  });

  test('refuses a push whose refs are not all branches and tags, and says which', async () => {
    for (const ref of ['refs/notes/x', 'refs/custom', 'refs/replace/a']) {
      const result = await git(clone, ['push', server.url('shop'), 'main', `HEAD:${ref}`]);
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(`remote: Teal keeps branches and tags only; "${ref}" is neither.`);
      expect(result.stderr).toContain('! [remote rejected] main -> main (refused by Teal)');
    }
    expect(await gitOk(server.repository('shop'), ['for-each-ref'])).toBe('');
    expect(server.script.accepted).toEqual([]);
  });

  test('takes branches with odd names as data', async () => {
    const names = ['--upload-pack=x', 'a;b', 'x00y', '$(id)', 'grün/ö', "it's"];
    for (const name of names) await gitOk(clone, ['push', server.url('shop'), `HEAD:refs/heads/${name}`]);
    const refs = (await gitOk(server.repository('shop'), ['for-each-ref', '--format=%(refname)'])).split('\n');
    expect(refs.sort()).toEqual(names.map((name) => `refs/heads/${name}`).sort());
    const head = await gitOk(clone, ['rev-parse', 'HEAD']);
    for (const name of names) expect(await server.reader.head('app_shop', name)).toBe(head);
  });

  test('takes tags, force pushes, deletions and many refs at once', async () => {
    await gitOk(clone, ['tag', '-a', 'v1', '-m', 'one']);
    await gitOk(clone, ['push', server.url('shop'), 'main', 'v1', 'HEAD:refs/heads/side']);
    expect(server.script.landed[0]?.commands.map((command) => command.ref).sort()).toEqual([
      'refs/heads/main',
      'refs/heads/side',
      'refs/tags/v1',
    ]);
    await gitOk(clone, ['commit', '--amend', '-q', '-m', 'other']);
    expect((await git(clone, ['push', server.url('shop'), 'main'])).code).toBe(1);
    await gitOk(clone, ['push', '--force', server.url('shop'), 'main']);
    await gitOk(clone, ['push', server.url('shop'), ':refs/heads/side']);
    expect(await server.reader.landed('app_shop', 'refs/heads/side', '0'.repeat(40))).toBe(true);
    const updates = Array.from({ length: 300 }, (_, index) => `HEAD:refs/tags/t${index}`);
    await gitOk(clone, ['push', '--quiet', server.url('shop'), ...updates]);
    expect(server.script.landed.at(-1)?.commands).toHaveLength(300);
  });

  test('takes none of the refs when git refuses the objects of one', async () => {
    const tree = await gitOk(
      clone,
      ['mktree'],
      `100644 blob ${await gitOk(clone, ['hash-object', '-w', 'index.html'])}\t.GIT\n`,
    );
    const bad = await gitOk(clone, ['commit-tree', tree, '-m', 'bad']);
    const result = await git(clone, ['push', server.url('shop'), 'main', `${bad}:refs/heads/bad`]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/hasDotgit/);
    expect(await gitOk(server.repository('shop'), ['for-each-ref'])).toBe('');
    expect(server.script.accepted).toEqual([]);
  });

  test('tells of an accepted push whose ref could not move', async () => {
    const lock = join(server.repository('shop'), 'refs/heads/main.lock');
    server.script.accept = () => writeFile(lock, '');
    const result = await git(clone, ['push', server.url('shop'), 'main']);
    expect(result.code).toBe(1);
    await eventually(() => server.script.lost.length === 1);
    expect(server.script.landed).toEqual([]);
    // Nobody works in the repository any more, so the lock is nobody's.
    await eventually(async () => !(await present(lock)));
    server.script.accept = () => {};
    await gitOk(clone, ['push', server.url('shop'), 'main']);
  });

  test('runs no hook of the repository and none that was pushed', async () => {
    const proof = join(server.folder, 'ran');
    const hook = `#!/bin/sh\ntouch ${proof}\n`;
    await gitOk(server.repository('shop'), ['config', 'core.hooksPath', 'hooks']);
    await mkdir(join(server.repository('shop'), 'hooks'), { recursive: true });
    for (const name of ['pre-receive', 'update', 'post-receive', 'post-update', 'reference-transaction']) {
      await commit(clone, { [`hooks/${name}`]: hook, config: '[core]\n\thooksPath = hooks\n' });
      await writeFile(join(server.repository('shop'), 'hooks', name), hook, { mode: 0o755 });
    }
    await gitOk(clone, ['push', server.url('shop'), 'main']);
    expect(server.script.landed).toHaveLength(1);
    expect(await present(proof)).toBe(false);
  });

  test('accepts twenty pushes at once to one app and to others, each exactly once', async () => {
    await gitOk(clone, ['push', '--quiet', server.url('shop'), 'main']);
    const pushes = Array.from({ length: 20 }, (_, index) =>
      git(clone, ['push', server.url(index % 2 === 0 ? 'shop' : 'blog'), `HEAD:refs/heads/b${index}`]),
    );
    const results = await Promise.all(pushes);
    expect(results.filter((result) => result.code !== 0)).toEqual([]);
    const refs = server.script.landed.flatMap((push) => push.commands.map((command) => command.ref));
    expect(new Set(refs).size).toBe(21);
    expect(refs).toHaveLength(21);
  });
});
