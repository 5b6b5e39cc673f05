import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, startFakeTeal, TOKEN } from './fake-teal.ts';
import { runTeal } from './given.ts';

const run = promisify(execFile);
const MAIN = resolve(import.meta.dirname, '../src/main.ts');

let teal: FakeTeal;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'teal-cli-'));
  teal = await startFakeTeal();
  teal.on('GET /api/v1/me', () => ({ user: { id: 'user_1', name: 'Ada', email: null } }));
});
afterEach(async () => {
  await teal.close();
  await rm(home, { recursive: true });
});

const asked = (host: string, protocol = 'http') => `protocol=${protocol}\nhost=${host}\n\n`;
const kept = () => join(home, 'teal', 'config.json');
const own = () => ({ XDG_CONFIG_HOME: home });

test('login keeps the token that is piped in, readable by its owner only', async () => {
  const { exit, out } = await runTeal(null, ['login', teal.url], { env: own(), stdin: `${TOKEN}\n` });
  expect(exit).toBe(0);
  expect(out).toContain('as Ada');
  expect(JSON.parse(await readFile(kept(), 'utf8'))).toEqual({ url: teal.url, token: TOKEN });
  expect((await stat(kept())).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'teal'))).mode & 0o777).toBe(0o700);
  expect(out).not.toContain(TOKEN);
});

test('login makes a file that others could read private again', async () => {
  await runTeal(null, ['login', teal.url], { env: own(), stdin: TOKEN });
  await rm(kept());
  await writeFile(kept(), '{}', { mode: 0o644 });
  expect((await runTeal(null, ['login', teal.url], { env: { ...own(), TEAL_TOKEN: TOKEN } })).exit).toBe(0);
  expect((await stat(kept())).mode & 0o777).toBe(0o600);
});

test('login keeps nothing when the server refuses the token, or when it is none', async () => {
  expect((await runTeal(null, ['login', teal.url], { env: own(), stdin: 'another' })).exit).toBe(4);
  expect((await runTeal(null, ['login', teal.url], { env: own(), stdin: '' })).exit).toBe(2);
  expect((await runTeal(null, ['login', teal.url], { env: own(), stdin: 'a\r\nX-Evil: 1' })).exit).toBe(2);
  expect((await runTeal(null, ['login', 'file:///etc'], { env: own(), stdin: TOKEN })).exit).toBe(2);
  await expect(stat(kept())).rejects.toThrow('ENOENT');
});

test('the kept token serves later commands, but goes to no other server', async () => {
  await runTeal(null, ['login', teal.url], { env: own(), stdin: TOKEN });
  teal.on('GET /api/v1/apps', () => ({ apps: [] }));
  expect((await runTeal(null, ['apps', 'list'], { env: own() })).exit).toBe(0);
  const other = await startFakeTeal();
  expect((await runTeal(null, ['apps', 'list'], { env: { ...own(), TEAL_URL: other.url } })).exit).toBe(4);
  expect(other.requests[0]?.headers.authorization).toBeUndefined();
  await other.close();
});

test('several servers are kept; each gets its own token, and "contexts use" goes back', async () => {
  const other = await startFakeTeal();
  other.on('GET /api/v1/me', () => ({ user: { id: 'user_1', name: 'Ada', email: null } }));
  for (const { url } of [teal, other]) {
    expect((await runTeal(null, ['login', url], { env: own(), stdin: TOKEN })).exit).toBe(0);
  }
  expect((await runTeal(null, ['contexts', 'list'], { env: own() })).out).toMatch(
    new RegExp(`^\\* +${other.url}\\s+${teal.url}\\s*$`),
  );
  expect((await runTeal(null, ['contexts', 'use', teal.url], { env: own() })).exit).toBe(0);
  teal.on('GET /api/v1/apps', () => ({ apps: [] }));
  expect((await runTeal(null, ['apps', 'list'], { env: own() })).exit).toBe(0);
  expect((await runTeal(null, ['contexts', 'use', 'http://localhost:1'], { env: own() })).exit).toBe(3);
  await other.close();
});

test('git is given the token for the configured server', async () => {
  const { exit, out } = await runTeal(teal, ['credential', 'get'], { stdin: asked(`localhost:${teal.port}`) });
  expect({ exit, out }).toEqual({ exit: 0, out: `username=teal\npassword=${TOKEN}\n` });
});

test.each([
  ['another port', 'localhost:1', 'http'],
  ['another host', 'example.org', 'http'],
  ['another scheme', '', 'https'],
  ['a user in front of another host', 'localhost:4000@example.org', 'http'],
  ['a path that looks like the host', 'example.org/localhost', 'http'],
])('git is given nothing for %s', async (_, host, protocol) => {
  const stdin = asked(host === '' ? `localhost:${teal.port}` : host, protocol);
  expect(await runTeal(teal, ['credential', 'get'], { stdin })).toEqual({ exit: 0, out: '', err: '' });
});

test('git may store and erase: nothing is printed and nothing is forgotten', async () => {
  await runTeal(null, ['login', teal.url], { env: own(), stdin: TOKEN });
  for (const verb of ['store', 'erase']) {
    const stdin = `${asked(`localhost:${teal.port}`).trim()}\nusername=teal\npassword=${TOKEN}\n`;
    expect(await runTeal(null, ['credential', verb], { env: own(), stdin })).toEqual({ exit: 0, out: '', err: '' });
  }
  expect(await readFile(kept(), 'utf8')).toContain(TOKEN);
});

test('git itself gets the token through the helper, and for a neighbour does not', async () => {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    TEAL_URL: teal.url,
    TEAL_TOKEN: TOKEN,
  };
  const fill = (url: string) => {
    const helper = `!'${process.execPath}' '${MAIN}' credential`;
    const filling = run('git', ['-c', `credential.helper=${helper}`, 'credential', 'fill'], { env, cwd: home });
    filling.child.stdin?.end(`url=${url}\n\n`);
    return filling;
  };
  expect((await fill(`${teal.url}/git/hello.git`)).stdout).toContain(`password=${TOKEN}\n`);
  await expect(fill('http://localhost:1/git/hello.git')).rejects.toThrow('could not read Username');
});
