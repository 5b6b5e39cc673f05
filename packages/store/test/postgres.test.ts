import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '@teal/core';
import type { StoreEvent } from '@teal/deployer';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS, type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { until } from '../../../test/conformance/until.ts';
import { migrate, openStore } from '../src/index.ts';
import { firstRun, hashOf } from './accounts.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

async function open() {
  const database = await postgres.migrated();
  const store = await openStore(database);
  onTestFinished(() => store.close());
  const { first } = await firstRun(store, 'admin@example.test');
  const newApp = (name: string) =>
    store.apps.create({
      id: `app_${randomUUID()}`,
      organisationId: first.organisationId,
      name,
      settings: { ...DEFAULT_SETTINGS },
    });
  return { store, database, first, newApp };
}

async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(postgres.server().connection);
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** A unix socket before PostgreSQL's that can hold new connections back, and cut those there are. */
async function startGate(host: string) {
  const folder = await mkdtemp(join(tmpdir(), 'teal-gate-'));
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] | null = null;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    const forward = () => {
      const onward = connect(join(host, '.s.PGSQL.5432')).on('error', () => {});
      socket.pipe(onward).pipe(socket);
    };
    if (waiting === null) forward();
    else waiting.push(forward);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, '.s.PGSQL.5432'), resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });
  return {
    folder,
    hold() {
      waiting = [];
    },
    held: () => waiting?.length ?? 0,
    letGo() {
      for (const forward of waiting ?? []) forward();
      waiting = null;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    open: () => sockets.size,
  };
}

describe('migrations', () => {
  it('run once, however often and by how many at once they are called', async () => {
    const database = { ...postgres.freshSchema(), migrationsDir: MIGRATIONS };
    await Promise.all(Array.from({ length: 4 }, () => migrate(database)));
    const { schema } = database;
    const before = await query(`select name, run_on from ${schema}.migrations order by name`);
    expect(before.length).toBeGreaterThan(0);
    await migrate(database);
    expect(await query(`select name, run_on from ${schema}.migrations order by name`)).toEqual(before);
  });

  it('refuse a schema name that is none', async () => {
    await expect(openStore({ ...postgres.freshSchema(), schema: 'a; drop table x' })).rejects.toThrow(/schema name/);
  });
});

describe('the database', () => {
  it('holds one active and one live deployment per app, whoever writes', async () => {
    const { database, newApp } = await open();
    const app = await newApp('one');
    const { schema } = database;
    const insert = (state: string) =>
      query(
        `insert into ${schema}.deployments (id, app_id, sequence, trigger, state, commit, requested_by, times)
         values ($1, $2, nextval('${schema}.acceptance_order'), 'push', $3, '{}', 'x', '{}')`,
        [randomUUID(), app.id, state],
      );
    for (const [state, other] of [
      ['building', 'switching'],
      ['live', 'live'],
    ] as const) {
      await insert(state);
      await expect(insert(other)).rejects.toMatchObject({ code: '23505' });
    }
    await insert('queued');
    await insert('queued');
  });
});

describe('the bus', () => {
  it('tells of what is committed, in order, and not of what was rolled back', async () => {
    const { store, newApp } = await open();
    const events: StoreEvent[] = [];
    const end = store.bus.subscribe((event) => events.push(event));
    const app = await newApp('one');
    await expect(store.apps.update(`app_${randomUUID()}`, {})).rejects.toThrow();
    const lease = await store.leases.acquire(app.id, 'x', 60_000);
    const lost = { appId: app.id, token: (lease?.token ?? 0) + 1 };
    await expect(store.apps.setStopped(lost, 'ann stopped the app')).rejects.toMatchObject({ code: 'lease_lost' });
    await store.apps.markDeleting(app.id);
    await until('both events came', () => events.length >= 2);
    expect(events).toEqual([
      { kind: 'app', appId: app.id },
      { kind: 'app', appId: app.id },
    ]);
    end();
    await newApp('two');
    expect(events).toHaveLength(2);
  });

  it('speaks of its own schema only', async () => {
    const one = await open();
    const two = await open();
    const events: StoreEvent[] = [];
    one.store.bus.subscribe((event) => events.push(event));
    await two.newApp('theirs');
    const mine = await one.newApp('mine');
    await until('our event came', () => events.length > 0);
    expect(events).toEqual([{ kind: 'app', appId: mine.id }]);
  });

  it('says resync after its connection was killed, and hears again', async () => {
    const { store, database, newApp } = await open();
    const events: StoreEvent[] = [];
    store.bus.subscribe((event) => events.push(event));
    const killed = await query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and query like $1`,
      [`%${database.schema}%`],
    );
    expect(killed).toHaveLength(1);
    await until('it says resync', () => events.some((event) => event.kind === 'resync'));
    const app = await newApp('after');
    await until('it hears again', () => events.some((event) => event.kind === 'app' && event.appId === app.id));
    await store.ping();
  });

  it('closes while it connects again, and leaves no connection behind', async () => {
    const database = await postgres.migrated();
    const gate = await startGate(postgres.server().connection.host);
    const store = await openStore({
      ...database,
      connection: { ...postgres.server().connection, host: gate.folder },
    });
    gate.hold();
    gate.cut();
    await until('it connects again', () => gate.held() > 0);
    const closed = store.close();
    gate.letGo();
    await closed;
    await until('no connection is left', () => gate.open() === 0, 2_000);
  });
});

describe('the database restarted', () => {
  it('is used again, and the bus says resync', async () => {
    const { store, newApp } = await open();
    const events: StoreEvent[] = [];
    store.bus.subscribe((event) => events.push(event));
    await postgres.restart(async () => {
      await expect(store.ping()).rejects.toThrow();
    });
    await until('it says resync', () => events.some((event) => event.kind === 'resync'));
    await until('it answers', async () => {
      await store.ping();
      return true;
    });
    expect(await newApp('after')).toMatchObject({ name: 'after' });
  });
});

describe('idempotency', () => {
  it('lets one of many run, the others wait, and later ones get its answer', async () => {
    const { store, first } = await open();
    const { idempotency } = store;
    const claim = (digest = 'd', key = 'k') => idempotency.claim(first.userId, key, digest);
    const kinds = (await Promise.all(Array.from({ length: 8 }, () => claim()))).map((found) => found.kind);
    expect(kinds.filter((kind) => kind === 'first')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'running')).toHaveLength(7);
    expect(await claim('other')).toEqual({ kind: 'mismatch' });
    await idempotency.answer(first.userId, 'k', 201, { deployment: { id: 'half \ud83d' } });
    expect(await claim()).toEqual({ kind: 'answered', status: 201, answer: { deployment: { id: 'half \ufffd' } } });
    expect(await claim('other')).toEqual({ kind: 'mismatch' });
    expect(await claim('d', 'k2')).toEqual({ kind: 'first' });
    await idempotency.forget(first.userId, 'k2');
    expect(await claim('d', 'k2')).toEqual({ kind: 'first' });
  });

  it('gives a claim free whose process died, after a minute, and an answer after a day', async () => {
    const { store, first, database } = await open();
    const age = (interval: string) =>
      query(`update ${database.schema}.idempotency_keys set created_at = now() - interval '${interval}'`);
    const claim = () => store.idempotency.claim(first.userId, 'k', 'd');
    await claim();
    await age('59 seconds');
    expect(await claim()).toEqual({ kind: 'running' });
    await age('61 seconds');
    expect(await claim()).toEqual({ kind: 'first' });
    await store.idempotency.answer(first.userId, 'k', 200, null);
    await age('23 hours');
    expect(await claim()).toMatchObject({ kind: 'answered' });
    await age('25 hours');
    expect(await claim()).toEqual({ kind: 'first' });
  });
});

describe('accounts', () => {
  it('are made once, by whoever comes first', async () => {
    const store = await openStore(await postgres.migrated());
    onTestFinished(() => store.close());
    await expect(store.accounts.platformId()).rejects.toThrow(/initialise/);
    const runs = await Promise.all([firstRun(store, null), firstRun(store, null), firstRun(store, null)]);
    const made = runs.filter((run) => run.made);
    expect(made).toHaveLength(1);
    expect(await store.accounts.platformId()).toBe(made[0]?.first.platformId);
  });

  it('know a token by its hash until it is revoked, with its sessions', async () => {
    const { store, first } = await open();
    const { accounts, tokens } = store;
    const owner = { userId: first.userId };
    const known = await accounts.byToken(hashOf('first secret'));
    expect(known).toMatchObject({ userId: first.userId, email: 'admin@example.test', platformAdmin: true });
    expect(await accounts.byToken(hashOf('another'))).toBeNull();
    const token = { id: `token_${randomUUID()}`, name: 'ci', prefix: 'teal_x', hash: hashOf('ci') };
    expect(await tokens.create({ ...token, owner, createdBy: null })).toMatchObject({ name: 'ci', lastUsedAt: null });
    expect(await tokens.list(owner)).toMatchObject([{ lastUsedAt: expect.any(Date) }, { name: 'ci' }]);
    const session = { userId: first.userId, tokenId: token.id, expiresAt: new Date(Date.now() + 60_000) };
    await accounts.createSession({ ...session, hash: hashOf('session') });
    await accounts.createSession({ ...session, hash: hashOf('old'), expiresAt: new Date(0) });
    expect(await accounts.bySession(hashOf('session'))).toMatchObject({ userId: first.userId });
    expect(await accounts.bySession(hashOf('old'))).toBeNull();
    expect(await tokens.revoke({ userId: 'user_other' }, token.id)).toBeNull();
    expect(await tokens.revoke(owner, 'a\u0000b')).toBeNull();
    expect(await tokens.revoke(owner, token.id)).toMatchObject({ name: 'ci' });
    expect(await accounts.byToken(hashOf('ci'))).toBeNull();
    expect(await accounts.bySession(hashOf('session'))).toBeNull();
  });

  it('follow the configured address of the admin', async () => {
    const { store, newApp } = await open();
    const app = await newApp('one');
    await store.accounts.setAdminEmail('new@example.test');
    expect(await store.recipients.ofFailures(app.id)).toEqual(['new@example.test']);
  });
});
