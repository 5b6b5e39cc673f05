import { randomBytes, randomUUID } from 'node:crypto';
import { DEFAULT_SETTINGS } from '@teal/core';
import type { Lease } from '@teal/deployer';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { facts } from '../../../test/conformance/store/fixture.ts';
import { until } from '../../../test/conformance/until.ts';
import { openStore, type PostgresStore, type StoreOptions, secretKeyIdOf } from '../src/index.ts';
import { createSealer, keyIdOf } from '../src/secrets/sealer.ts';
import { firstRun } from './accounts.ts';

const SECRET = 'correct-horse-battery-staple';
const KEY_PEM = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

async function sql(database: StoreOptions) {
  const client = new pg.Client({ ...postgres.server().connection, options: `-c search_path=${database.schema}` });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function newApp(store: PostgresStore, organisationId: string, name: string) {
  return store.apps.create({ id: `app_${randomUUID()}`, organisationId, name, settings: { ...DEFAULT_SETTINGS } });
}

async function releaseOf(store: PostgresStore, appId: string) {
  const lease = (await store.leases.acquire(appId, 'tester', 60_000)) as Lease;
  const app = await store.apps.get(appId);
  return store.releases.create(lease, {
    id: `release_${randomUUID()}`,
    appId,
    imageId: 'image_x',
    commit: facts(),
    environment: app?.environment ?? {},
    settings: { ...DEFAULT_SETTINGS },
    releaseCommand: null,
    configurationDigest: 'digest-of-the-configuration',
  });
}

/** One of everything that is sealed, and a second app. */
async function filled() {
  const database = await postgres.migrated();
  const store = await openStore(database);
  const { first } = await firstRun(store, 'admin@example.test');
  const app = await newApp(store, first.organisationId, 'one');
  const other = await newApp(store, first.organisationId, 'other');
  for (const { id } of [app, other]) {
    await store.apps.changeEnvironment(id, { set: { PASSWORD: SECRET, EMPTY: '' }, unset: [] });
  }
  const release = await releaseOf(store, app.id);
  await store.certificates.add(first.organisationId, {
    id: 'certificate_x',
    names: ['shop.test'],
    issuer: 'x',
    fingerprint: 'ab',
    notAfter: new Date(),
    chainPem: 'chain',
    keyPem: KEY_PEM,
  });
  await store.idempotency.claim(first.userId, 'key', 'd');
  await store.idempotency.answer(first.userId, 'key', 201, { token: SECRET });
  const check = async (opened: PostgresStore) => {
    for (const { id } of [app, other]) {
      expect((await opened.apps.get(id))?.environment).toEqual({ PASSWORD: SECRET, EMPTY: '' });
    }
    expect(await opened.releases.get(release.id)).toMatchObject({
      environment: { PASSWORD: SECRET, EMPTY: '' },
      configurationDigest: 'digest-of-the-configuration',
    });
    expect((await opened.certificates.list(first.organisationId))[0]?.keyPem).toBe(KEY_PEM);
    expect(await opened.idempotency.claim(first.userId, 'key', 'd')).toMatchObject({ answer: { token: SECRET } });
  };
  const reopen = async (secretKeys: readonly Buffer[]) => {
    const opened = await openStore({ ...database, secretKeys });
    onTestFinished(() => opened.close());
    return opened;
  };
  onTestFinished(() => store.close());
  return { database, store, first, app, other, release, check, reopen };
}

/** Every row of every table, as text. */
async function dump(database: StoreOptions): Promise<string> {
  const client = await sql(database);
  const tables = await client.query<{ name: string }>(
    'select table_name as name from information_schema.tables where table_schema = $1',
    [database.schema],
  );
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${pg.escapeIdentifier(name)} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

describe('secrets', () => {
  it('are in the database sealed, with the id of their key, and come back as they were', async () => {
    const { database, store, check } = await filled();
    const text = await dump(database);
    expect(text).toContain('PASSWORD');
    expect(text).toContain(`sealed:${keyIdOf(database.secretKeys[0] as Buffer)}:`);
    for (const plain of [SECRET, 'PRIVATE KEY', 'digest-of-the-configuration']) expect(text).not.toContain(plain);
    await check(store);
  });

  it('differ each time, even when their values do not', async () => {
    const sealer = createSealer([randomBytes(32)]);
    expect(sealer.seal(SECRET, 'a')).not.toBe(sealer.seal(SECRET, 'a'));
  });

  it('do not open for another app, under another name, or when a byte was changed', async () => {
    const { database, store, app, other } = await filled();
    const client = await sql(database);
    const put = (set: string, from: string) =>
      client.query(
        `update apps set environment = ${set} from (select environment as e from apps where id = $1) as a
         where id = $2`,
        [from, app.id],
      );
    await put('a.e', other.id);
    const read = async () => (await store.apps.get(app.id))?.environment;
    await expect(read()).rejects.toMatchObject({ code: 'secret_unreadable' });
    await store.apps.changeEnvironment(app.id, { set: { PASSWORD: SECRET, B: 'b' }, unset: ['EMPTY'] });
    expect(await read()).toEqual({ PASSWORD: SECRET, B: 'b' });
    await put(`jsonb_build_object('B', a.e->'PASSWORD')`, app.id);
    await expect(read()).rejects.toMatchObject({ code: 'secret_unreadable' });
    const sealed = createSealer([randomBytes(32)]).seal('x', 'a');
    const sealer = createSealer(database.secretKeys);
    const own = sealer.seal(SECRET, 'a');
    const at = own.length - 8;
    for (const bad of [
      sealed,
      `${own.slice(0, at)}${own[at] === 'A' ? 'B' : 'A'}${own.slice(at + 1)}`,
      own.slice(0, 20),
      'x',
    ]) {
      expect(() => sealer.open(bad, 'a')).toThrow(/cannot be opened/);
    }
  });

  it('that were stored before they were sealed are sealed at start', async () => {
    const { database, first, app, release, check, reopen } = await filled();
    const client = await sql(database);
    const plain = JSON.stringify({ PASSWORD: SECRET, EMPTY: '' });
    await client.query('update apps set environment = $1', [plain]);
    await client.query('update releases set environment = $1, configuration_digest = $2', [
      plain,
      'digest-of-the-configuration',
    ]);
    await client.query('update certificates set key_pem = $1', [KEY_PEM]);
    await client.query('update idempotency_keys set answer = $1', [JSON.stringify({ token: SECRET })]);
    await client.query('delete from secret_check');
    expect(await secretKeyIdOf(database)).toBeNull();
    expect(await dump(database)).toContain(SECRET);
    const store = await reopen(database.secretKeys);
    for (const secret of [SECRET, 'PRIVATE KEY', 'digest-of-the-configuration']) {
      expect(await dump(database)).not.toContain(secret);
    }
    await check(store);
    expect([first, app, release]).toHaveLength(3);
  });

  it('refuse to open the store with a wrong key, and are untouched by that', async () => {
    const { database, check, reopen } = await filled();
    const before = await dump(database);
    await expect(openStore({ ...database, secretKeys: [randomBytes(32)] })).rejects.toMatchObject({
      code: 'secret_key_wrong',
      facts: { wanted: keyIdOf(database.secretKeys[0] as Buffer) },
    });
    expect(await dump(database)).toBe(before);
    await check(await reopen(database.secretKeys));
  });

  it('go under a new key, which alone opens them then', async () => {
    const { database, check, reopen } = await filled();
    const next = randomBytes(32);
    await check(await reopen([next, ...database.secretKeys]));
    expect(await dump(database)).not.toContain(keyIdOf(database.secretKeys[0] as Buffer));
    await check(await reopen([next]));
    await expect(openStore(database)).rejects.toMatchObject({ code: 'secret_key_wrong' });
  });

  it('are all there after a change of key that was cut half-way', async () => {
    const { database, release, check, reopen } = await filled();
    const next = randomBytes(32);
    const blocker = await sql(database);
    await blocker.query('begin');
    await blocker.query('select 1 from releases where id = $1 for update', [release.id]);
    const cut = openStore({ ...database, secretKeys: [next, ...database.secretKeys] });
    const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and query like '%from releases%for update%'`;
    const observer = await sql(database);
    await Promise.all([
      expect(cut).rejects.toThrow(),
      until('it waits for the release', async () => (await observer.query(`select 1 ${waiting}`)).rowCount === 1).then(
        () => observer.query(`select pg_terminate_backend(pid) ${waiting}`),
      ),
    ]);
    await blocker.query('rollback');
    const half = await dump(database);
    for (const key of [next, database.secretKeys[0] as Buffer]) expect(half).toContain(keyIdOf(key));
    await check(await reopen([next, ...database.secretKeys]));
    await check(await reopen([next]));
  });
});
