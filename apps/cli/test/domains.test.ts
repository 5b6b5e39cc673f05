import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, refuse, startFakeTeal } from './fake-teal.ts';
import { givenApp, runTeal } from './given.ts';

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

const APP = '/api/v1/apps/hello';
const DOMAINS = {
  domains: [
    { name: 'shop.test', primary: true, default: false },
    { name: 'hello.teal.localhost', primary: false, default: true },
  ],
};
const certificate = (change: object = {}) => ({
  id: 'certificate_1',
  names: ['shop.test', '*.shop.test'],
  issuer: 'CN=Test',
  fingerprint: 'ab12cd34ef'.padEnd(64, '0'),
  notAfter: '2027-01-01T00:00:00.000Z',
  expired: false,
  origin: 'uploaded',
  ...change,
});

test('domains are listed, added and removed', async () => {
  teal.on(`GET ${APP}/domains`, () => DOMAINS);
  teal.on(`POST ${APP}/domains`, () => DOMAINS);
  teal.on(`DELETE ${APP}/domains/shop.test`, (_, answer) => void answer.writeHead(204).end());
  expect((await runTeal(teal, ['domains', 'list', '-a', 'hello'])).out).toBe(
    'shop.test              primary\nhello.teal.localhost             always there\n',
  );
  expect((await runTeal(teal, ['domains', 'add', 'Shop.Test', '--primary', '-a', 'hello'])).exit).toBe(0);
  await runTeal(teal, ['domains', 'add', 'shop.test', '-a', 'hello']);
  expect((await runTeal(teal, ['domains', 'remove', 'shop.test', '-a', 'hello', '--json'])).out).toBe(
    '{"removed":"shop.test"}\n',
  );
  expect(teal.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
    { name: 'Shop.Test', primary: true },
    { name: 'shop.test' },
  ]);
});

test("another app's domain is a conflict", async () => {
  teal.on(`POST ${APP}/domains`, (_, answer) => refuse(answer, 409, 'domain_taken', 'In use.'));
  const { exit, err } = await runTeal(teal, ['domains', 'add', 'shop.test', '-a', 'hello']);
  expect({ exit, err }).toEqual({ exit: 5, err: 'teal: In use. [domain_taken]\n' });
});

test('a certificate is read from two files, and removed by a name or its fingerprint', async () => {
  const fallback = certificate({ id: 'default', origin: 'self-signed', names: ['shop.test'] });
  teal.on('GET /api/v1/certificates', () => ({ certificates: [certificate(), fallback] }));
  teal.on('POST /api/v1/certificates', () => certificate());
  teal.on('DELETE /api/v1/certificates/certificate_1', (_, answer) => void answer.writeHead(204).end());
  await writeFile(join(folder, 'cert.pem'), 'CERT');
  await writeFile(join(folder, 'key.pem'), 'KEY');
  const add = ['certificates', 'add', '--cert', 'cert.pem', '--key', 'key.pem'];
  const added = await runTeal(teal, add, { cwd: folder });
  expect(added.out).toContain('shop.test *.shop.test');
  expect(added.out).toContain('until 2027-01-01');
  expect(teal.requests[0]?.body).toEqual({ certificate: 'CERT', key: 'KEY' });
  expect((await runTeal(teal, add)).exit).toBe(2);
  expect((await runTeal(teal, add.slice(0, 4), { cwd: folder })).exit).toBe(2);
  expect((await runTeal(teal, ['certificates', 'remove', 'shop.test'])).exit).toBe(0);
  expect((await runTeal(teal, ['certificates', 'remove', 'AB:12:CD:34'])).exit).toBe(0);
  expect((await runTeal(teal, ['certificates', 'remove', 'other.test'])).exit).toBe(3);
});

test('maintenance keeps the page it has, takes another, or the standard one', async () => {
  teal.on(`PUT ${APP}/maintenance`, () => givenApp({ maintenance: true }));
  teal.on(`DELETE ${APP}/maintenance`, () => givenApp());
  await writeFile(join(folder, 'page.html'), '<h1>Soon</h1>');
  const on = ['maintenance', 'on', 'hello'];
  expect((await runTeal(teal, on)).out).toContain('hello is in maintenance');
  await runTeal(teal, [...on, '--page', 'page.html'], { cwd: folder });
  await runTeal(teal, [...on, '--no-page']);
  expect((await runTeal(teal, [...on, '--page', 'missing.html'], { cwd: folder })).exit).toBe(2);
  expect(teal.requests.map(({ body }) => body)).toEqual([{}, { page: '<h1>Soon</h1>' }, { page: null }]);
  expect((await runTeal(teal, ['maintenance', 'off', 'hello'])).out).toContain('hello answers again');
});

test('status says that an app is in maintenance, and where its HTTPS is', async () => {
  teal.on(`GET ${APP}`, () => givenApp({ maintenance: true }));
  const { out } = await runTeal(teal, ['status', 'hello']);
  expect(out).toMatch(/maintenance {3}visitors get its page/);
  expect(out).toContain('https://hello.teal.localhost:8443/');
});

test('a setting may be true or false', async () => {
  teal.on(`PATCH ${APP}`, () => givenApp());
  await runTeal(teal, ['settings', 'https-only=true', '-a', 'hello']);
  expect(teal.requests[0]?.body).toEqual({ settings: { httpsOnly: true } });
});
