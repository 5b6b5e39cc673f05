/** Connections and transactions. Knows nothing of what is stored. */
import { isTealError, TealError } from '@teal/core';
import type { Lease } from '@teal/deployer';
import pg from 'pg';

export type Query = pg.Pool | pg.PoolClient;

export interface DatabaseOptions {
  /** A PostgreSQL URL, or host (a socket folder or a name), user and database. */
  connection: string | { host: string; user: string; database: string; port?: number; password?: string };
  /** Namespace of the tables; tests have one each. */
  schema: string;
  maxConnections?: number;
  limits?: Partial<DatabaseLimits>;
}

/** How long each kind of waiting may last, in milliseconds. */
export interface DatabaseLimits {
  /** For a connection, new or from the pool. */
  connectMs: number;
  /** For an answer, by our own clock: for a server that does not move. */
  answerMs: number;
  /** For an answer, by the server's clock, which ends the statement too. */
  statementMs: number;
  /** For a row or table that another transaction has. */
  lockMs: number;
  /** Between two statements of a transaction: a worker that is frozen there keeps its locks no longer. Below a lease's time. */
  idleInTransactionMs: number;
  /** Between two questions whether the connection of the notifications still stands. */
  pingMs: number;
}

export const DEFAULT_LIMITS: Readonly<DatabaseLimits> = Object.freeze({
  connectMs: 10_000,
  answerMs: 30_000,
  statementMs: 25_000,
  lockMs: 10_000,
  idleInTransactionMs: 10_000,
  pingMs: 20_000,
});

export function limitsOf({ limits }: Pick<DatabaseOptions, 'limits'>): DatabaseLimits {
  return { ...DEFAULT_LIMITS, ...limits };
}

export function clientConfig(options: DatabaseOptions): pg.ClientConfig {
  const { connection, schema } = options;
  const limits = limitsOf(options);
  const where = typeof connection === 'string' ? { connectionString: connection } : connection;
  const settings = {
    search_path: schema,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
  };
  return {
    ...where,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.answerMs,
    keepAlive: true,
  };
}

export function openPool(options: DatabaseOptions): pg.Pool {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(options.schema)) throw new Error(`not a schema name: ${options.schema}`);
  const pool = new pg.Pool({ ...clientConfig(options), max: options.maxConnections ?? 16 });
  // An idle connection that breaks (PostgreSQL restarted) is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  pool.query = ((...args: unknown[]) => query(...args).catch(rethrowNamed)) as typeof pool.query;
  return pool;
}

/** Of the server: it ends or starts, takes no more connections, has no room, or the statement met one of the limits above. */
const UNAVAILABLE = /^(08|57P0[123]|57014|55P03|25P0[34]|53)/;
const UNREACHABLE = /^(ECONN|ENOENT$|EPIPE$|ETIMEDOUT$|EHOSTUNREACH$|ENETUNREACH$|EAI_)/;
/** node-postgres gives these no code. */
const UNANSWERED = /timeout exceeded when trying to connect|Query read timeout|Connection terminated|connection error/;

/** `database_unavailable` where PostgreSQL gave no answer to what was asked, else `error` as it is. */
function named(error: unknown): unknown {
  if (!(error instanceof Error) || isTealError(error)) return error;
  const { code = '' } = error as { code?: string };
  const unavailable =
    error instanceof pg.DatabaseError
      ? UNAVAILABLE.test(code)
      : UNREACHABLE.test(code) || UNANSWERED.test(error.message);
  if (!unavailable) return error;
  return new TealError('database_unavailable', { detail: error.message || code }, { cause: error });
}

function rethrowNamed(error: unknown): never {
  throw named(error);
}

/** Runs `work` in one transaction. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch(rethrowNamed);
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
    // Its own wait on top of the first would double the deadline; a connection that is closed is rolled back too.
    if (isTealError(named(error), 'database_unavailable')) broken = error as Error;
    else {
      await client.query('rollback').catch((cause: Error) => {
        broken = cause;
      });
    }
    throw named(error);
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
