import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');
const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64';

/** Stands for npm: brings the Node that runs this test, notes the call, and takes a moment. */
const NPM = `#!/bin/sh
echo "$*" >> npm-calls
[ ! -e npm-fails ] || { echo 'npm error: no such luck'; exit 1; }
rm -rf node_modules
sleep 0.3
mkdir -p node_modules/node-linux-${ARCH}/bin
ln -s ${process.execPath} node_modules/node-linux-${ARCH}/bin/node
touch node_modules/.package-lock.json
`;
const MAIN = (name: string) =>
  `console.log(JSON.stringify(['${name}', process.cwd(), process.version, ...process.argv.slice(2)]));\n`;

/** A small tree with the real launcher in it. */
function makeTree() {
  const root = mkdtempSync(join(tmpdir(), 'teal-launcher-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const app of ['server', 'cli']) {
    mkdirSync(join(root, 'apps', app, 'src'), { recursive: true });
    writeFileSync(join(root, 'apps', app, 'src/main.ts'), MAIN(app));
  }
  mkdirSync(join(root, 'tools'));
  writeFileSync(join(root, 'tools/npm'), NPM);
  chmodSync(join(root, 'tools/npm'), 0o755);
  cpSync(join(REPOSITORY, 'teal'), join(root, 'teal'));
  writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion": 3}\n');
  const calls = () => readFileSync(join(root, 'npm-calls'), 'utf8').trim().split('\n').length;
  return { root, calls };
}

function run(
  root: string,
  args: readonly string[],
  options: { file?: string; cwd?: string; path?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.file ?? join(root, 'teal'), args, {
      cwd: options.cwd ?? root,
      env: { PATH: options.path ?? `${join(root, 'tools')}:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (out.stdout += chunk));
    child.stderr.on('data', (chunk) => (out.stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...out }));
  });
}

it('installs once, says so in one line, and hands every argument over', async () => {
  const { root, calls } = makeTree();
  const first = await run(root, ['apps', 'create', 'two words', '--json', '*']);
  expect(JSON.parse(first.stdout)).toEqual([
    'cli',
    root,
    process.version,
    'apps',
    'create',
    'two words',
    '--json',
    '*',
  ]);
  expect(first.stderr.trim().split('\n')).toEqual([expect.stringMatching(/installing the locked npm packages/)]);
  const second = await run(root, ['up', '--data', '/x']);
  expect(JSON.parse(second.stdout)).toEqual(['server', root, process.version, 'up', '--data', '/x']);
  expect(second.stderr).toBe('');
  expect(calls()).toBe(1);
});

it('works from another folder and through symlinks, and keeps the current folder', async () => {
  const { root } = makeTree();
  const elsewhere = mkdtempSync(join(tmpdir(), 'teal-elsewhere-'));
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  symlinkSync(join(root, 'teal'), join(elsewhere, 'one'));
  symlinkSync('one', join(elsewhere, 'two'));
  const result = await run(root, ['status'], { file: './two', cwd: elsewhere });
  expect(JSON.parse(result.stdout)).toEqual(['cli', elsewhere, process.version, 'status']);
});

it('lets two launchers at once install once', async () => {
  const { root, calls } = makeTree();
  const results = await Promise.all([run(root, ['a']), run(root, ['b']), run(root, ['--prepare'])]);
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(calls()).toBe(1);
});

it('installs again when the lock file has changed', async () => {
  const { root, calls } = makeTree();
  await run(root, ['--prepare']);
  writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion": 3, "packages": {}}\n');
  expect((await run(root, ['--prepare'])).code).toBe(0);
  await run(root, ['--prepare']);
  expect(calls()).toBe(2);
});

it('shows what npm said when the installation fails, and starts nothing', async () => {
  const { root } = makeTree();
  writeFileSync(join(root, 'npm-fails'), '');
  const result = await run(root, ['status']);
  expect(result.code).toBe(1);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(/no such luck[\s\S]*npm ci failed/);
});

it('says in a sentence what is missing', async () => {
  const { root } = makeTree();
  const bare = join(root, 'bare');
  mkdirSync(bare);
  const tools = ['sh', 'dirname', 'uname', 'cksum', 'cat', 'find', 'mkdir', 'tr', 'grep', 'paste', 'flock', 'head'];
  for (const tool of tools) symlinkSync(join('/usr/bin', tool), join(bare, tool));
  expect((await run(root, ['status'], { path: bare })).stderr).toMatch(/git is missing/);
  symlinkSync('/usr/bin/git', join(bare, 'git'));
  expect((await run(root, ['status'], { path: bare })).stderr).toMatch(/Node\.js 20 or newer is needed/);
  symlinkSync(process.execPath, join(bare, 'node'));
  expect((await run(root, ['status'], { path: bare })).stderr).toMatch(/npm is missing/);
});
