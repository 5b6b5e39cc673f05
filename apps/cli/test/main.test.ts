import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, openEvents, startFakeTeal, TOKEN } from './fake-teal.ts';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');

let teal: FakeTeal;
beforeEach(async () => {
  teal = await startFakeTeal();
});
afterEach(() => teal.close());

function start(...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', TEAL_URL: teal.url, TEAL_TOKEN: TOKEN };
  return spawn(process.execPath, [MAIN, ...args], { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
}

const exitOf = async (child: ReturnType<typeof start>) => (await once(child, 'exit'))[0] as number | null;

test('the process ends with the exit code of the command', async () => {
  expect(await exitOf(start('--help'))).toBe(0);
  expect(await exitOf(start('nope'))).toBe(2);
  expect(await exitOf(start('status', 'missing'))).toBe(3);
});

test('Ctrl-C ends a followed log with 130', async () => {
  teal.on('GET /api/v1/apps/hello/logs/events', (_, answer) => {
    openEvents(answer)('line', { instanceId: 'instance_1', number: 0, text: 'hello' });
  });
  const child = start('logs', 'hello', '-f');
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect(await exitOf(child)).toBe(130);
});

test('a reader that has seen enough is no error', async () => {
  let send: ReturnType<typeof openEvents> | undefined;
  teal.on('GET /api/v1/apps/hello/logs/events', (_, answer) => {
    send = openEvents(answer);
    send('line', { instanceId: 'instance_1', number: 0, text: 'hello' });
  });
  const child = start('logs', 'hello', '-f');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const ended = exitOf(child);
  send?.('line', { instanceId: 'instance_1', number: 0, text: 'nobody reads this' });
  expect(await ended).toBe(0);
});
