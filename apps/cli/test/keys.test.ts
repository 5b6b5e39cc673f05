import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, startFakeTeal } from './fake-teal.ts';
import { runTeal } from './given.ts';

let teal: FakeTeal;
let folder: string;
beforeEach(async () => {
  teal = await startFakeTeal();
  folder = await mkdtemp(join(tmpdir(), 'teal-cli-'));
});
afterEach(async () => {
  await teal.close();
  await rm(folder, { recursive: true });
});

const key = {
  id: 'key_1',
  name: 'ada@host',
  type: 'ssh-ed25519',
  fingerprint: 'SHA256:abc',
  write: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUsedAt: null,
};
const ssh = { urlPattern: 'ssh://git@localhost:2222/<app>.git', hostKey: 'SHA256:host' };

test('a key is added from a file, and where to push is told', async () => {
  const file = join(folder, 'ci.pub');
  await writeFile(file, 'ssh-ed25519 AAAA ada@host\n');
  teal.on('POST /api/v1/keys', () => key);
  teal.on('POST /api/v1/apps/hello/keys', () => key);
  for (const path of ['/api/v1/keys', '/api/v1/apps/hello/keys']) teal.on(`GET ${path}`, () => ({ keys: [key], ssh }));
  const own = await runTeal(teal, ['keys', 'add', file]);
  expect(own.out).toMatch(/^ada@host +ssh-ed25519 +SHA256:abc +never used\n$/);
  expect(own.err).toContain('Push to ssh://git@localhost:2222/<app>.git');
  expect((await runTeal(teal, ['keys', 'add', file, '--app', 'hello', '--write', '--name', 'ci'])).out).toContain(
    'may push',
  );
  expect(teal.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
    { key: 'ssh-ed25519 AAAA ada@host' },
    { key: 'ssh-ed25519 AAAA ada@host', name: 'ci', write: true },
  ]);
});

test('a private key does not leave the machine', async () => {
  const file = join(folder, 'id_ed25519');
  await writeFile(file, '-----BEGIN OPENSSH PRIVATE KEY-----\n');
  const { exit, err } = await runTeal(teal, ['keys', 'add', file]);
  expect({ exit, said: err.includes('is a private key') }).toEqual({ exit: 2, said: true });
  await mkdir(join(folder, 'none'));
  expect((await runTeal(teal, ['keys', 'add', join(folder, 'missing.pub')])).exit).toBe(2);
  expect((await runTeal(teal, ['keys', 'add', file, '--write'])).exit).toBe(2);
  expect(teal.requests).toEqual([]);
});

test('a key is removed by name, fingerprint or id, and only when one is meant', async () => {
  const twin = { ...key, id: 'key_2', fingerprint: 'SHA256:def' };
  teal.on('GET /api/v1/keys', () => ({ keys: [key, twin], ssh }));
  teal.on('DELETE /api/v1/keys/key_2', (_, answer) => void answer.writeHead(204).end());
  expect((await runTeal(teal, ['keys', 'remove', 'SHA256:def'])).exit).toBe(0);
  expect((await runTeal(teal, ['keys', 'remove', 'ada@host'])).exit).toBe(5);
  expect((await runTeal(teal, ['keys', 'remove', 'x'])).exit).toBe(3);
});
