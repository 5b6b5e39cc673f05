/** Connections and transactions. Knows nothing of what is stored. */
import { TealError } from '@teal/core';
import type { Lease } from '@teal/deployer';
import pg from 'pg';

export type Query = pg.Pool | pg.PoolClient;

export interface DatabaseOptions {
  /** A PostgreSQL URL, or host (a socket folder or a name), user and database. */
  connection: string | { host: string; user: string; database: string; port?: number; password?: string };
  /** Namespace of the tables; tests have one each. */
  schema: string;
  maxConnections?: number;
}

export function clientConfig(options: DatabaseOptions): pg.ClientConfig {
  const { connection, schema } = options;
  const where = typeof connection === 'string' ? { connectionString: connection } : connection;
  return { ...where, options: `-c search_path=${schema}`, connectionTimeoutMillis: 10_000, keepAlive: true };
}

export function openPool(options: DatabaseOptions): pg.Pool {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(options.schema)) throw new Error(`not a schema name: ${options.schema}`);
  const pool = new pg.Pool({ ...clientConfig(options), max: options.maxConnections ?? 16, query_timeout: 30_000 });
  // An idle connection that breaks (PostgreSQL restarted) is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  return pool;
}

/** Runs `work` in one transaction. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks while it is lent out rejects its query, and tells this too: nobody listening would end the process.
  const onBroken = (error: Error) => {
    broken = error;
  };
  client.on('error', onBroken);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.off('error', onBroken);
    client.release(broken);
  }
}

/** A transaction that happens only while `lease` is held; the lease cannot change hands before it ends. */
export function fenced<T>(pool: pg.Pool, lease: Lease, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return transaction(pool, async (client) => {
    const held = await client.query(
      'select 1 from leases where app_id = $1 and token = $2 and expires_at > clock_timestamp() for share',
      [lease.appId, lease.token],
    );
    if (held.rowCount !== 1) throw new TealError('lease_lost');
    return work(client);
  });
}

/**
 * For a single statement that happens only while a lease is held: put it after `with`, with the app id as $1 and the lease's
 * token as $2, and let what is written depend on `held`. Costs one round trip where `fenced` costs five.
 */
export const HELD = `held as (
  select 1 from leases where app_id = $1 and token = $2 and expires_at > clock_timestamp() for share)`;

export interface FencedStatement {
  /** Prepared once per connection under this name. */
  name: string;
  /** Begins with `with ${HELD}`; answers no row, or a `held` of 0, when the lease is lost. */
  text: string;
  /** From $3 on. */
  values: readonly unknown[];
}

/** Runs the statement and returns its row; throws `lease_lost`. */
export async function fencedStatement<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  lease: Lease,
  { name, text, values }: FencedStatement,
): Promise<R> {
  const { rows } = await pool.query<R & { held?: string }>({
    name,
    text,
    values: [lease.appId, lease.token, ...values],
  });
  const [row] = rows;
  if (row === undefined || row.held === '0') throw new TealError('lease_lost');
  return row;
}

/** The only row, or null. */
export async function one<R extends pg.QueryResultRow>(
  query: Query,
  text: string,
  values: unknown[] = [],
): Promise<R | null> {
  const result = await query.query<R>(text, values);
  return result.rows[0] ?? null;
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505';
}
