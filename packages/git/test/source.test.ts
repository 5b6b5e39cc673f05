import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SourceTree } from '@teal/deployer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSourceReader, type GitSourceReader, readerEnvironment } from '../src/index.ts';
import { eventually, gitOk, LIMITS, present, processesIn } from './server.ts';

const APP = 'app_1';
let folder: string;
let repositories: string;
let repository: string;
let reader: GitSourceReader;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teal-source-'));
  repositories = join(folder, 'repositories');
  repository = join(repositories, `${APP}.git`);
  reader = createSourceReader({ repositoriesDir: repositories, limits: LIMITS });
  await reader.create(APP);
});
afterEach(async () => {
  await reader.close();
  await rm(folder, { recursive: true, force: true });
});

async function contents(tree: SourceTree, signal?: AbortSignal): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for await (const file of tree.files(signal)) found.set(file.path, file.content);
  return found;
}

const blob = (content: string) => gitOk(repository, ['hash-object', '-w', '--stdin'], content);
const makeTree = (lines: string[]) =>
  gitOk(repository, ['mktree', '-z', '--missing'], lines.map((line) => `${line}\0`).join(''));

/** A commit of a tree that `git add` would not make, put straight into the repository. */
async function commitTree(tree: string): Promise<string> {
  const id = await gitOk(repository, ['commit-tree', tree, '-m', 'made by hand']);
  await gitOk(repository, ['update-ref', 'refs/heads/main', id]);
  return id;
}

async function link(path: string, target: string): Promise<string> {
  return `120000 blob ${await blob(target)}\t${path}`;
}

/** A tree of one file in nested folders: `a/b/c`. */
async function nest(parts: string[], leaf: (name: string) => Promise<string>): Promise<string> {
  let line = await leaf(parts.at(-1) ?? '');
  for (const part of parts.slice(0, -1).reverse()) line = `040000 tree ${await makeTree([line])}\t${part}`;
  return line;
}

const commitText = (tree: string) =>
  `tree ${tree}\nauthor A <a@example.test> 1 +0000\ncommitter A <a@example.test> 1 +0000\n\nlater\n`;

describe('a commit', () => {
  test('is read as it was pushed: files, modes, links, odd names, empty and large files', async () => {
    const work = join(folder, 'work');
    await mkdir(join(work, 'a/b'), { recursive: true });
    const big = randomBytes(3_000_000);
    const files: Record<string, Buffer> = {
      'a.txt': Buffer.from('before a/'),
      'a/b/deep': Buffer.from('deep'),
      'a/run.sh': Buffer.from('#!/bin/sh\n'),
      'big.bin': big,
      empty: Buffer.alloc(0),
      'grün 日本 🦆': Buffer.from('unicode'),
      '-rf': Buffer.from('dash'),
      'tab quote" back\\slash': Buffer.from('quoted'),
    };
    for (const [path, content] of Object.entries(files)) await writeFile(join(work, path), content);
    await chmod(join(work, 'a/run.sh'), 0o755);
    await symlink('../a.txt', join(work, 'a/link'));
    await symlink('gone', join(work, 'dangling'));
    await gitOk(work, ['init', '--quiet', '--initial-branch=main']);
    await gitOk(work, ['add', '-A']);
    await gitOk(work, ['update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},module`]);
    await gitOk(work, ['commit', '--quiet', '-m', 'The subject\nin two lines\n\nand a body']);
    await gitOk(work, ['push', '--quiet', repository, 'main']);
    const commit = await gitOk(work, ['rev-parse', 'HEAD']);

    const tree = await reader.open(APP, commit);
    const facts = {
      commit,
      tree: await gitOk(work, ['rev-parse', 'HEAD^{tree}']),
      author: 'Ada <ada@example.org>',
      message: 'The subject in two lines',
    };
    expect(tree.facts).toEqual(facts);
    expect(await reader.describe(APP, commit)).toEqual(facts);
    expect(tree.entries.filter((entry) => entry.kind !== 'file')).toEqual([
      { path: 'a/link', kind: 'symlink', sizeBytes: 8 },
      { path: 'a/run.sh', kind: 'executable', sizeBytes: 10 },
      { path: 'dangling', kind: 'symlink', sizeBytes: 4 },
    ]);
    const found = await contents(tree);
    const expected = { ...files, 'a/link': Buffer.from('../a.txt'), dangling: Buffer.from('gone') };
    const order = Object.keys(expected).sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    expect([...found.keys()]).toEqual(order);
    expect(tree.entries.map((entry) => entry.path)).toEqual(order);
    for (const [path, content] of Object.entries(expected)) expect(found.get(path)?.equals(content), path).toBe(true);
    expect(tree.entries.find((entry) => entry.path === 'big.bin')?.sizeBytes).toBe(big.length);
  });

  test('gives single files, and null for links, folders and what is not there', async () => {
    const file = `100644 blob ${await blob('hello')}\tfile`;
    const tree = await reader.open(APP, await commitTree(await makeTree([file, await link('link', 'file')])));
    expect((await tree.read('file'))?.toString()).toBe('hello');
    for (const path of ['link', 'none', '', '../file', '/etc/passwd']) expect(await tree.read(path)).toBeNull();
    const many = await Promise.all(Array.from({ length: 30 }, () => tree.read('file')));
    expect(many.every((content) => content?.toString() === 'hello')).toBe(true);
  });

  test('that is empty has no entries', async () => {
    const tree = await reader.open(APP, await commitTree(await makeTree([])));
    expect(tree.entries).toEqual([]);
    expect((await contents(tree)).size).toBe(0);
  });

  test('that is not there is null to describe and an error to open', async () => {
    const missing = 'a'.repeat(40);
    for (const id of [missing, 'main', '--help', 'HEAD', '']) {
      expect(await reader.describe(APP, id)).toBeNull();
      await expect(reader.open(APP, id)).rejects.toThrow('the repository has no commit');
    }
    expect(await reader.describe('app_none', missing)).toBeNull();
    await expect(reader.open('../../etc', missing)).rejects.toMatchObject({ code: 'app_not_found' });
    const id = await blob('not a commit');
    expect(await reader.describe(APP, id)).toBeNull();
  });

  test('is read with two processes at most, and again with one', async () => {
    const log = join(folder, 'spawned');
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'git'), `#!/bin/sh\necho "$*" >> '${log}'\nexec /usr/bin/git "$@"\n`, { mode: 0o755 });
    const counted = createSourceReader({
      repositoriesDir: repositories,
      limits: LIMITS,
      gitEnvironment: readerEnvironment(`${bin}:/usr/bin:/bin`),
    });
    const spawned = async () => (await readFile(log, 'utf8')).trim().split('\n').length;
    try {
      const commit = await commitTree(await makeTree([`100644 blob ${await blob('hello')}\tfile`]));
      const tree = await counted.open(APP, commit);
      await tree.read('file');
      await contents(tree);
      await counted.describe(APP, commit);
      expect(await spawned()).toBe(2);
      await contents(await counted.open(APP, commit));
      expect(await spawned()).toBe(2);
      await counted.open(APP, await commitTree(await makeTree([])));
      expect(await spawned()).toBe(3);
    } finally {
      await counted.close();
    }
    expect(await processesIn(repositories)).toEqual([]);
  });

  test('can be left in the middle, by break and by signal', async () => {
    const id = await blob(randomBytes(400_000).toString('hex'));
    const lines = Array.from({ length: 60 }, (_, index) => `100644 blob ${id}\tf${String(index).padStart(2, '0')}`);
    const tree = await reader.open(APP, await commitTree(await makeTree(lines)));
    for await (const file of tree.files()) if (file.path === 'f03') break;
    const abort = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const file of tree.files(abort.signal)) {
        seen.push(file.path);
        if (seen.length === 5) abort.abort();
      }
    })();
    await expect(reading).rejects.toThrow('aborted');
    expect(seen).toHaveLength(5);
    expect((await contents(tree)).size).toBe(60);
  });

  test('whose tree was opened a moment ago is opened at no cost; a failure is asked for again, a removal forgets', async () => {
    const tree = await makeTree([`100644 blob ${await blob('x')}\tx`]);
    const commit = await gitOk(repository, ['commit-tree', tree, '-m', 'made by hand']);
    const [first, second] = await Promise.all([reader.open(APP, commit), reader.open(APP, commit)]);
    expect(second).toBe(first);
    const later = await gitOk(repository, ['hash-object', '-t', 'commit', '--stdin'], commitText(tree));
    await expect(reader.open(APP, later)).rejects.toMatchObject({ code: 'source_unsafe' });
    await gitOk(repository, ['hash-object', '-w', '-t', 'commit', '--stdin'], commitText(tree));
    expect((await reader.open(APP, later)).facts.tree).toBe(tree);
    await reader.remove(APP);
    await expect(reader.open(APP, commit)).rejects.toMatchObject({ code: 'source_unsafe' });
  });
});

describe('a hostile tree', () => {
  test.each(['.git', '.GIT', '.Git ', '.git...', 'git~1', '.g\u200cit'])(
    'with %j in a path is unsafe',
    async (name) => {
      const line = await nest(['a', name, 'config'], async (leaf) => `100644 blob ${await blob('x')}\t${leaf}`);
      const id = await commitTree(await makeTree([line]));
      await expect(reader.open(APP, id)).rejects.toMatchObject({ code: 'source_unsafe' });
    },
  );

  test.each(['..', '.', 'a\nb', 'a\u0001', 'x'.repeat(300)])('with the part %j is unsafe', async (name) => {
    const id = await commitTree(await makeTree([`100644 blob ${await blob('x')}\t${name}`]));
    await expect(reader.open(APP, id)).rejects.toMatchObject({ code: 'source_unsafe' });
  });

  test('with a path that is no UTF-8 is unsafe', async () => {
    const line = Buffer.concat([Buffer.from(`100644 blob ${await blob('x')}\tcaf`), Buffer.from([0xe9, 0])]);
    const id = await commitTree(await gitOk(repository, ['mktree', '-z'], line));
    await expect(reader.open(APP, id)).rejects.toThrow('is not UTF-8');
  });

  test('with names that only look like it is safe', async () => {
    const id = await blob('x');
    const names = ['.gitignore', '.github', 'git', 'a.git', '.gitmodules', '..a', 'a..', '...'];
    const tree = await reader.open(
      APP,
      await commitTree(await makeTree(names.map((name) => `100644 blob ${id}\t${name}`))),
    );
    expect(tree.entries).toHaveLength(names.length);
  });

  test.each([
    ['an absolute link', [['etc', '/etc/passwd']]],
    ['a link above the root', [['x', '../../secret']]],
    ['a link to the folder above', [['x', '..']]],
    [
      'a link that climbs through another',
      [
        ['deep/er/l', '../..'],
        ['y', 'deep/er/l/../z'],
      ],
    ],
    [
      'a link through an absolute one',
      [
        ['a', 'b/c'],
        ['b', '/etc'],
      ],
    ],
    [
      'a loop',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ],
    ['a link with a NUL', [['a', 'b\0/../..']]],
  ] as [string, [string, string][]][])('with %s is unsafe', async (_, links) => {
    const lines = await Promise.all(links.map(([path, target]) => nest(path.split('/'), (leaf) => link(leaf, target))));
    const id = await commitTree(await makeTree(lines));
    await expect(reader.open(APP, id)).rejects.toThrow(/the symbolic link "/);
  });

  test('with links that stay inside is safe', async () => {
    const lines = [
      await link('self', '.'),
      await link('here', 'a/../b'),
      await link('inner', 'self/self/x'),
      await link('gone', 'none'),
    ];
    expect((await reader.open(APP, await commitTree(await makeTree(lines)))).entries).toHaveLength(4);
  });

  test.each(['files', 'folders'])('of 10^9 nested %s is stopped early', async (kind) => {
    const entry = kind === 'files' ? `100644 blob ${await blob('x')}` : `040000 tree ${await makeTree([])}`;
    let tree = await makeTree(Array.from({ length: 10 }, (_, index) => `${entry}\t${index}`));
    for (let level = 1; level < 9; level += 1) {
      tree = await makeTree(Array.from({ length: 10 }, (_, index) => `040000 tree ${tree}\t${index}`));
    }
    const id = await commitTree(tree);
    await expect(reader.open(APP, id)).rejects.toMatchObject({ code: 'source_too_large' });
    await eventually(async () => !(await processesIn(repositories)).some((command) => command.includes('ls-tree')));
  });

  test.each(['any call', 'ls-tree'])('is given up when git does not answer to %s, and git is ended', async (silent) => {
    const id = await commitTree(await makeTree([`100644 blob ${await blob('x')}\tone`]));
    const fake = join(folder, 'bin');
    await mkdir(fake);
    const git = (await promisify(execFile)('sh', ['-c', 'command -v git'])).stdout.trim();
    const others = silent === 'any call' ? '' : `case "$*" in *${silent}*) ;; *) exec ${git} "$@" ;; esac`;
    await writeFile(join(fake, 'git'), `#!/bin/sh\n${others}\nexec tail -f ${fake}/git\n`, { mode: 0o755 });
    const environment = { ...readerEnvironment(), PATH: `${fake}:${process.env.PATH}` };
    const deaf = createSourceReader({
      repositoriesDir: repositories,
      limits: LIMITS,
      gitEnvironment: environment,
      silenceMs: 300,
    });
    await expect(deaf.open(APP, id)).rejects.toMatchObject({ code: 'source_unavailable' });
    await eventually(async () => !(await processesIn(fake)).some((command) => command.startsWith('tail')));
    await deaf.close();
  });

  test('of folders too deep in each other is unsafe', async () => {
    let line = `100644 blob ${await blob('x')}\tleaf`;
    for (let level = 0; level < 30; level += 1) line = `040000 tree ${await makeTree([line])}\t${'d'.repeat(200)}`;
    await expect(reader.open(APP, await commitTree(await makeTree([line])))).rejects.toThrow(/longer than/);
  });

  test('with too many bytes, in one file or together, is too large', async () => {
    const strict = createSourceReader({
      repositoriesDir: repositories,
      limits: { maxEntries: 100, maxBytes: 2_500, maxFileBytes: 1_000 },
    });
    try {
      const [small, large] = [await blob('x'.repeat(1_000)), await blob('x'.repeat(1_001))];
      const one = await commitTree(await makeTree([`100644 blob ${large}\tlarge`]));
      await expect(strict.open(APP, one)).rejects.toThrow('"large" has 1001 bytes, more than 1000');
      const three = await commitTree(await makeTree(['a', 'b', 'c'].map((name) => `100644 blob ${small}\t${name}`)));
      await expect(strict.open(APP, three)).rejects.toThrow('its files have more than 2500 bytes together');
    } finally {
      await strict.close();
    }
  });
});

describe('a repository', () => {
  test('knows its branches, packed or not, and where a ref has been', async () => {
    const first = await commitTree(await makeTree([]));
    const second = await commitTree(await makeTree([`100644 blob ${await blob('x')}\tx`]));
    expect(await reader.head(APP, 'main')).toBe(second);
    for (const commit of [first, second]) expect(await reader.landed(APP, 'refs/heads/main', commit)).toBe(true);
    expect(await reader.landed(APP, 'refs/heads/main', 'b'.repeat(40))).toBe(false);
    expect(await reader.landed(APP, 'refs/heads/other', first)).toBe(false);
    expect(await reader.landed(APP, 'refs/heads/main', '0'.repeat(40))).toBe(false);
    expect(await reader.landed(APP, 'refs/heads/other', '0'.repeat(40))).toBe(true);
    await gitOk(repository, ['pack-refs', '--all']);
    expect(await reader.head(APP, 'main')).toBe(second);
    await gitOk(repository, ['update-ref', 'refs/heads/main', first]);
    expect(await reader.head(APP, 'main')).toBe(first);
    for (const branch of ['none', '../main', '', 'main^', 'main\nx', '--all']) {
      expect(await reader.head(APP, branch)).toBeNull();
    }
    expect(await reader.head('app_none', 'main')).toBeNull();
  });

  test('is made once, bare, durable, without templates, and listed until it is removed', async () => {
    const before = await readFile(join(repository, 'config'), 'utf8');
    expect(before).toContain('fsync = committed');
    expect(before).toContain('logAllRefUpdates = always');
    expect(await present(join(repository, 'hooks'))).toBe(false);
    expect(await readFile(join(repository, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
    const id = await commitTree(await makeTree([]));
    await Promise.all(Array.from({ length: 5 }, () => reader.create(APP)));
    expect(await reader.head(APP, 'main')).toBe(id);
    await Promise.all(Array.from({ length: 5 }, () => reader.create('app_2')));
    expect((await reader.list()).sort()).toEqual([APP, 'app_2']);
    await reader.describe(APP, id);
    await reader.remove(APP);
    await reader.remove(APP);
    expect(await reader.list()).toEqual(['app_2']);
    expect(await reader.describe(APP, id)).toBeNull();
    expect(await readdir(repositories)).toEqual(['app_2.git']);
  });
});
