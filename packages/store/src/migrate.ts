/** Brings the schema up to date with the numbered SQL files in `migrations/`. */
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { clientConfig, type DatabaseOptions } from './database.ts';

/** Applies what is missing, in one transaction; several processes may call it at once. */
export async function migrate(options: DatabaseOptions & { migrationsDir: string }): Promise<void> {
  const client = new pg.Client(clientConfig(options));
  await client.connect();
  try {
    await client.query(`create schema if not exists ${pg.escapeIdentifier(options.schema)}`);
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
