/** Organisations, members, invitations, what one may reach, and the record of activity. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '@teal/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS, type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { migrate, openStore, type PostgresStore, type Principal } from '../src/index.ts';
import { firstRun, hashOf } from './accounts.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

async function open() {
  const options = await postgres.migrated();
  const store = await openStore(options);
  onTestFinished(() => store.close());
  const { first } = await firstRun(store, 'Admin@example.test');
  const admin = (await store.accounts.byUser(first.userId)) as Principal;
  return { store, first, admin, options };
}

type Opened = Awaited<ReturnType<typeof open>>;

/** Somebody with an organisation and an app of their own. */
async function neighbour({ store }: Opened) {
  const adminId = await joined(store, 'bob@example.test', 'viewer');
  const organisationId = `orga_${randomUUID()}`;
  await store.organisations.create({ id: organisationId, name: 'theirs', adminId });
  const app = await store.apps.create({
    id: `app_${randomUUID()}`,
    organisationId,
    name: `theirs-${randomUUID().slice(0, 8)}`,
    settings: DEFAULT_SETTINGS,
  });
  return { app, organisationId, principal: (await store.accounts.byUser(adminId)) as Principal };
}

/** Invites an address to the first organisation, which accepts. */
async function joined(store: PostgresStore, email: string, role: 'manager' | 'viewer'): Promise<string> {
  const organisationId = await store.accounts.firstOrganisationId();
  const admin = { memberships: [{ organisationId, organisationName: 'x', role: 'admin' as const }], token: null };
  const organisation = store.of(admin).organisations.find(organisationId);
  if (organisation === null) throw new Error('no organisation');
  const hash = hashOf(randomUUID());
  const expiresAt = new Date(Date.now() + 60_000);
  await store.organisations.invite(organisation, {
    id: randomUUID(),
    email,
    role,
    hash,
    invitedBy: null,
    expiresAt,
  });
  const newcomer = { id: `user_${randomUUID()}`, name: email, passwordHash: 'x' };
  return (await store.organisations.accept(hash, newcomer)).person.id;
}

describe('what one may reach', () => {
  it('is the things of one’s own organisations, even where an app of others is handed in', async () => {
    const opened = await open();
    const { store, admin } = opened;
    const their = await neighbour(opened);
    const within = store.of(admin);
    expect(await within.apps.find(their.app.name)).toBeNull();
    expect(await within.apps.find(their.app.id)).toBeNull();
    expect(await within.apps.list()).toEqual([]);
    expect(within.organisations.find(their.organisationId)).toBeNull();
    const forged = their.app as never;
    expect(() => within.apps.adopt(forged)).toThrow(/no app/);
    await expect(within.deployments.list(forged, { limit: 1, before: null })).rejects.toThrow(/no app/);
    await expect(within.releases.list(forged)).rejects.toThrow(/no app/);
    await expect(within.apps.changeEnvironment(forged, { set: { A: '1' }, unset: [] })).rejects.toThrow(/no app/);
    expect((await store.apps.get(their.app.id))?.environment).toEqual({});
    expect(await store.of(their.principal).apps.list()).toMatchObject([{ id: their.app.id }]);
  });

  it('is one app with a token that is good for one', async () => {
    const { store, first, admin } = await open();
    const make = (name: string) =>
      store.apps.create({
        id: `app_${randomUUID()}`,
        organisationId: first.organisationId,
        name,
        settings: DEFAULT_SETTINGS,
      });
    const [one, two] = [await make('one'), await make('two')];
    const token = { id: 't', name: 't', prefix: 'p', hash: hashOf('t'), scope: 'deploy', appId: one.id } as const;
    await store.tokens.create({ ...token, owner: { userId: admin.id }, createdBy: null });
    const within = store.of((await store.accounts.byToken(hashOf('t'))) as Principal);
    expect((await within.apps.list()).map((app) => app.name)).toEqual(['one']);
    expect(await within.apps.find(two.id)).toBeNull();
    expect(within.organisations.list()).toEqual([]);
  });

  it('tells of changes of one’s own apps only, those made later included', async () => {
    const opened = await open();
    const { store, first, admin } = opened;
    const their = await neighbour(opened);
    const heard: string[] = [];
    const unsubscribe = await store.of(admin).subscribe((event) => heard.push('appId' in event ? event.appId : ''));
    onTestFinished(unsubscribe);
    await store.apps.changeEnvironment(their.app.id, { set: { A: '1' }, unset: [] });
    const own = await store.apps.create({
      id: `app_${randomUUID()}`,
      organisationId: first.organisationId,
      name: 'own',
      settings: DEFAULT_SETTINGS,
    });
    await expect.poll(() => heard).toEqual([own.id]);
  });
});

describe('an organisation', () => {
  it('keeps its last admin, also when the last two go at once', async () => {
    const { store, admin } = await open();
    const organisation = store.of(admin).organisations.list()[0] as never;
    const by = { role: 'admin' } as const;
    const leave = (userId: string) => store.organisations.removeMember(organisation, { userId, by: null });
    await expect(leave(admin.id)).rejects.toThrow(/last/);
    await expect(
      store.organisations.changeRole(organisation, { userId: admin.id, role: 'viewer', by }),
    ).rejects.toThrow(/last/);
    const second = await joined(store, 'second@example.test', 'manager');
    await store.organisations.changeRole(organisation, { userId: second, role: 'admin', by });
    const ends = await Promise.allSettled([leave(admin.id), leave(second)]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await store.organisations.members(organisation)).toHaveLength(1);
  });

  it('lets nobody touch a role above their own', async () => {
    const { store, admin } = await open();
    const organisation = store.of(admin).organisations.list()[0] as never;
    const viewer = await joined(store, 'viewer@example.test', 'viewer');
    const by = { role: 'manager' } as const;
    const { changeRole, removeMember } = store.organisations;
    await expect(removeMember(organisation, { userId: admin.id, by })).rejects.toThrow(/up to your own/);
    await expect(changeRole(organisation, { userId: viewer, role: 'admin', by })).rejects.toThrow(/up to your own/);
    await changeRole(organisation, { userId: viewer, role: 'manager', by });
    await expect(removeMember(organisation, { userId: 'user_x', by })).rejects.toThrow(/no such member/);
  });
});

it('activity can be added, but neither changed nor removed', async () => {
  const { store, admin, options } = await open();
  const entry = { organisationId: null, app: null, actorId: admin.id, actorName: 'admin', tokenName: null };
  await store.activity.add({ ...entry, address: null, action: 'app.created', facts: { a: 1 } });
  const { connection } = options;
  const client = new pg.Client(typeof connection === 'string' ? { connectionString: connection } : connection);
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`set search_path to ${options.schema}`);
  await expect(client.query(`update activity set actor_name = 'x'`)).rejects.toThrow(/append-only/);
  await expect(client.query('delete from activity')).rejects.toThrow(/append-only/);
  await expect(client.query('truncate activity')).rejects.toThrow(/append-only/);
  const page = { limit: 10, before: null };
  expect(await store.activity.ofActor(admin.id, page)).toMatchObject([{ action: 'app.created', facts: { a: 1 } }]);
});

it('a platform of one organisation and one admin goes on with its token, session and app', async () => {
  const options = postgres.freshSchema();
  const folder = await mkdtemp(join(tmpdir(), 'teal-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const older = (await readdir(MIGRATIONS)).filter((name) => name < '0005');
  for (const name of older) await symlink(join(MIGRATIONS, name), join(folder, name));
  await migrate({ ...options, migrationsDir: folder });
  const { connection } = options;
  const client = new pg.Client(typeof connection === 'string' ? { connectionString: connection } : connection);
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`set search_path to ${options.schema};
    insert into platform (id) values ('platform_1');
    insert into organisations (id, name) values ('orga_1', 'default');
    insert into users (id, organisation_id, name, email) values ('user_1', 'orga_1', 'admin', 'Admin@Example.test');
    insert into apps (id, organisation_id, name, settings) values ('app_1', 'orga_1', 'old', '{}');
    insert into idempotency_keys (user_id, key, request_digest) values ('user_1', 'k', 'd')`);
  await client.query(
    `insert into tokens (id, user_id, name, prefix, hash) values ('token_1', 'user_1', 'ci', 'p', $1)`,
    [hashOf('t')],
  );
  await client.query(
    `insert into sessions (hash, user_id, token_id, expires_at) values ($1, 'user_1', 'token_1', now() + interval '1 day')`,
    [hashOf('s')],
  );
  await migrate({ ...options, migrationsDir: MIGRATIONS });
  const store = await openStore({ ...options, secretKeys: [Buffer.alloc(32, 1)] });
  onTestFinished(() => store.close());
  const principal = (await store.accounts.byToken(hashOf('t'))) as Principal;
  expect(principal).toMatchObject({
    email: 'admin@example.test',
    platformAdmin: true,
    memberships: [{ organisationId: 'orga_1', role: 'admin' }],
    token: { scope: 'full', appId: null },
  });
  expect(await store.accounts.bySession(hashOf('s'))).toMatchObject({ userId: 'user_1' });
  expect(await store.of(principal).apps.list()).toMatchObject([{ id: 'app_1' }]);
  expect(await store.recipients.ofFailures('app_1')).toEqual(['admin@example.test']);
});
