/** Brings the schema up to date with the numbered SQL files in `migrations/`. */
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { clientConfig, type DatabaseOptions } from './database.ts';

/** Any number that nothing else in the database locks. */
const SCHEMA_LOCK = 8_347_221;
/** A change of a large table, and the wait for another process that makes it. */
const LIMITS = { answerMs: 11 * 60_000, statementMs: 10 * 60_000, lockMs: 10 * 60_000, idleInTransactionMs: 60_000 };

/** Applies what is missing, in one transaction; several processes may call it at once. */
export async function migrate(options: DatabaseOptions & { migrationsDir: string }): Promise<void> {
  const client = new pg.Client(clientConfig({ ...options, limits: { ...options.limits, ...LIMITS } }));
  await client.connect();
  try {
    // Two that create the same schema at once fail, "if not exists" or not.
    await client.query('select pg_advisory_lock($1)', [SCHEMA_LOCK]);
    await client.query(`create schema if not exists ${pg.escapeIdentifier(options.schema)}`);
    await client.query('select pg_advisory_unlock($1)', [SCHEMA_LOCK]);
    await runner({
      dbClient: client,
      dir: options.migrationsDir,
      direction: 'up',
      migrationsTable: 'migrations',
      schema: options.schema,
      advisoryLockMode: 'wait',
      log: () => {},
    });
  } finally {
    await client.end();
  }
}
