/** PostgreSQL for the platform: the one of DATABASE_URL, or the embedded one in the data folder. */
import type { DatabaseOptions, EmbeddedPostgres } from '@teal/store';
import { startEmbeddedPostgres } from '@teal/store';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

export interface Database {
  options: DatabaseOptions;
  stop(): Promise<void>;
}

const SCHEMA = 'teal';

export async function openDatabase(
  config: Config,
  { postgresDir, runAs, log }: { postgresDir: string; runAs: { uid: number; gid: number } | null; log: Logger },
): Promise<Database> {
  if (config.databaseUrl !== null) {
    return { options: { connection: config.databaseUrl, schema: SCHEMA }, stop: async () => {} };
  }
  const embedded: EmbeddedPostgres = await startEmbeddedPostgres({
    dataDir: postgresDir,
    runAs,
    log: (line) => log.info({ part: 'postgres' }, line),
  });
  return { options: { connection: embedded.connection, schema: SCHEMA }, stop: () => embedded.stop() };
}
