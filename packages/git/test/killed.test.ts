import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSourceReader } from '../src/index.ts';
import { commit, eventually, gitOk, LIMITS, processesIn, startGit } from './server.ts';

interface Said {
  event: string;
  folder: string;
  url: string;
}

let server: ChildProcess;
let said: Said[];
let clone: string;

beforeEach(async () => {
  said = [];
  server = spawn(process.execPath, [join(import.meta.dirname, 'standalone.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (server.stdout) createInterface(server.stdout).on('line', (line) => said.push(JSON.parse(line)));
  await eventually(() => said.length > 0);
  clone = await mkdtemp(join(tmpdir(), 'teal-clone-'));
  await gitOk(clone, ['init', '--quiet', '--initial-branch=main']);
});
afterEach(async () => {
  server.kill('SIGKILL');
  await rm(clone, { recursive: true, force: true });
  await rm(folder(), { recursive: true, force: true, maxRetries: 5 });
});

const folder = () => said[0]?.folder ?? '/nowhere';

test('a server that is killed while a deployment is watched blocks neither git nor the client', async () => {
  const head = await commit(clone, { 'index.html': 'hello' });
  const push = startGit(clone, ['push', said[0]?.url ?? '', 'main']);
  await eventually(() => said.length > 1);
  server.kill('SIGKILL');
  await push.result;
  await eventually(async () => (await processesIn(folder())).length === 0);
  const reader = createSourceReader({ repositoriesDir: join(folder(), 'repositories'), limits: LIMITS });
  expect(await reader.landed('app_shop', 'refs/heads/main', head)).toBe(true);
  await reader.close();
});

test('a server that is killed while a push comes in leaves no process', async () => {
  await commit(clone, { 'big.bin': randomBytes(30_000_000) });
  const push = startGit(clone, ['push', said[0]?.url ?? '', 'main']);
  await eventually(async () => (await processesIn(join(folder(), 'repositories'))).length > 1);
  server.kill('SIGKILL');
  expect((await push.result).code).not.toBe(0);
  await eventually(async () => (await processesIn(folder())).length === 0);
});
