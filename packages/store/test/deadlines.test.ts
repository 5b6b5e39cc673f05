import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { openStore, type PostgresStore, type StoreOptions } from '@teal/store';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { until } from '../../../test/conformance/until.ts';
import { clientConfig, fenced, openPool } from '../src/database.ts';

let postgres: PostgresUnderTest;
let options: StoreOptions;
beforeAll(async () => {
  postgres = await startPostgres();
  options = await postgres.migrated();
});
afterAll(() => postgres?.close());

const QUICK = { connectMs: 400, answerMs: 400, statementMs: 300, lockMs: 200, idleInTransactionMs: 300, pingMs: 100 };

async function open(limits = QUICK): Promise<PostgresStore> {
  const store = await openStore({ ...options, limits });
  onTestFinished(() => store.close());
  return store;
}

/** The server's own processes and those of its connections. */
function processes(): number[] {
  const parent = postgres.server().pid();
  const binary = readlinkSync(`/proc/${parent}/exe`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const child = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
        return pid === parent || (child && readlinkSync(`/proc/${pid}/exe`) === binary);
      } catch {
        return false;
      }
    });
}

function freeze(): () => void {
  const pids = processes();
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  let frozen = true;
  return () => {
    if (frozen) for (const pid of pids.reverse()) process.kill(pid, 'SIGCONT');
    frozen = false;
  };
}

describe('a PostgreSQL that does not move', () => {
  it('is told as such, in a statement and in a transaction, and serves again once it moves', async () => {
    const store = await open();
    await store.ping();
    const thaw = freeze();
    onTestFinished(thaw);
    const lease = { appId: `app_${randomUUID()}`, token: 1 };
    const answers = await Promise.allSettled([
      store.ping(),
      store.apps.ids(),
      store.deployments.advance(lease, 'deployment_1', 'claimed'),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'database_unavailable' } });
    }
    thaw();
    await until('it answers', () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    );
  });

  it('costs no notification unnoticed', async () => {
    const store = await open();
    const kinds: string[] = [];
    store.bus.subscribe((event) => kinds.push(event.kind));
    const thaw = freeze();
    onTestFinished(thaw);
    // Longer than its connection takes to ask and to wait for the answer.
    for (let i = 0; i < 3; i += 1) {
      await expect(store.ping()).rejects.toMatchObject({ code: 'database_unavailable' });
    }
    thaw();
    await until('it listens again and says so', () => kinds.includes('resync'));
  });
});

describe('locks', () => {
  it('of a worker that is frozen in the middle of a transaction are taken from it', async () => {
    const store = await open();
    const appId = `app_${randomUUID()}`;
    const lease = await store.leases.acquire(appId, 'worker 1', 1_000);
    if (lease === null) throw new Error('nobody has it');
    const pool = openPool({ ...options, limits: QUICK });
    onTestFinished(() => pool.end());
    const reached = Promise.withResolvers<void>();
    const thawed = Promise.withResolvers<void>();
    const work = fenced(pool, lease, async (client) => {
      reached.resolve();
      await thawed.promise;
      await client.query('select 1');
    });
    work.catch(() => {});
    await reached.promise;
    const taken = await until('worker 2 has the lease', () =>
      store.leases.acquire(appId, 'worker 2', 1_000).catch(() => null),
    );
    expect(taken.token).toBe(lease.token + 1);
    thawed.resolve();
    await expect(work).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  it('are not waited for without end', async () => {
    const store = await open();
    const appId = `app_${randomUUID()}`;
    await store.leases.acquire(appId, 'worker 1', 1_000);
    const holder = new pg.Client(clientConfig({ ...options, limits: { idleInTransactionMs: 60_000 } }));
    await holder.connect();
    onTestFinished(() => holder.end());
    await holder.query('begin');
    await holder.query('select 1 from leases where app_id = $1 for update', [appId]);
    await expect(store.leases.acquire(appId, 'worker 2', 1_000)).rejects.toMatchObject({
      code: 'database_unavailable',
      message: expect.stringContaining('lock timeout'),
    });
  });
});

it('says which statement ran too long, and lets nobody wait for it', async () => {
  const pool = openPool({ ...options, limits: QUICK });
  onTestFinished(() => pool.end());
  await expect(pool.query('select pg_sleep(30)')).rejects.toMatchObject({
    code: 'database_unavailable',
    message: expect.stringContaining('statement timeout'),
  });
});
