import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPlatform } from '../src/demo/platform.ts';

let root: string;
let said: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'teal-cli-'));
  said = [];
});
afterEach(() => rm(root, { recursive: true }));

/** A launcher in place of `./teal`: the demo's own end of the agreement is what is tested. */
async function givenLauncher(script: string): Promise<void> {
  await writeFile(join(root, 'teal'), `#!/bin/sh\n${script}\n`);
  await chmod(join(root, 'teal'), 0o755);
}

function start(signal = new AbortController().signal) {
  const env = { PATH: process.env.PATH, DATABASE_URL: 'postgres://real', TEAL_TOKEN: 'real', TEAL_CA_FILE: '/ca' };
  const options = { root, dataDir: join(root, 'data'), engine: 'process', install: false, env, signal };
  return startPlatform({ ...options, onLine: (line) => said.push(line) });
}

/** Says that it is ready and ends with `code` when it is told to, as the platform does. */
const serve = (code = 0) =>
  `trap "exit ${code}" TERM; printf '{"engine":"process","token":"secret"}\\n' >&3; while :; do sleep 0.05; done`;

test('asks for a platform of its own and reads what it says when it is ready', async () => {
  await givenLauncher(`printf '%s\\n' "$@" >"${root}/arguments"; env >"${root}/environment"; ${serve()}`);
  const platform = await start();
  expect(platform.ready).toMatchObject({ engine: 'process', token: 'secret' });
  expect(await platform.stop()).toBeNull();
  const given = (await readFile(join(root, 'arguments'), 'utf8')).split('\n');
  expect(given.slice(0, 3)).toEqual(['up', '--data', join(root, 'data')]);
  expect(given).toContain('--no-install');
  const environment = await readFile(join(root, 'environment'), 'utf8');
  expect(environment).toContain('TEAL_CA_FILE=/ca');
  expect(environment).not.toMatch(/DATABASE_URL|TEAL_TOKEN/);
});

test('passes on what is said while the machine is prepared, and nothing else', async () => {
  const host = `'{"level":30,"part":"host","msg":"installing Docker Engine"}'`;
  await givenLauncher(`echo 'teal: building the console'; echo ${host}; echo '{"msg":"other"}'; ${serve()}`);
  const platform = await start();
  await platform.stop();
  expect(said).toEqual(['building the console', 'installing Docker Engine']);
});

test('a platform that ends before it is ready is told with its last lines', async () => {
  await givenLauncher('echo "port 4000 is taken" >&2; exit 3');
  await expect(start()).rejects.toThrow(/ended with code 3\.\n.*port 4000 is taken/);
});

test('a platform that ends later is noticed, and one that does not end cleanly is told', async () => {
  await givenLauncher(serve(7));
  const platform = await start();
  expect(await platform.stop()).toBe('the platform ended with code 7');
  await expect(platform.lost).rejects.toMatchObject({ code: 'platform_lost' });
});

test('an interrupt while it prepares ends it and what it runs', async () => {
  const interrupt = new AbortController();
  await givenLauncher(`sleep 600 & echo $! >"${root}/child"; echo 'teal: preparing'; wait`);
  const starting = start(interrupt.signal);
  const isPreparing = () => said.length > 0;
  await expect.poll(isPreparing, { timeout: 10_000 }).toBe(true);
  interrupt.abort();
  await expect(starting).rejects.toThrow();
  const child = Number(await readFile(join(root, 'child'), 'utf8'));
  const isGone = async () =>
    (await readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone Z')).match(/gone|\) Z/) !== null;
  await expect.poll(isGone, { timeout: 10_000 }).toBe(true);
});

test('a platform that is killed on purpose comes back on its ports, and is not lost', async () => {
  await givenLauncher(`printf '%s\\n' "$*" >>"${root}/calls"; ${serve()}`);
  const platform = await start();
  const lost = platform.lost.catch(() => 'lost');
  await platform.crash();
  expect(platform.hasEnded()).toBe(false);
  const calls = (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n');
  expect(calls).toHaveLength(2);
  expect(calls[1]).toBe(calls[0]);
  expect(await Promise.race([lost, Promise.resolve('there')])).toBe('there');
  expect(await platform.stop()).toBeNull();
  expect(await lost).toBe('lost');
});
