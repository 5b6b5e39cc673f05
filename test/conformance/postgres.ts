/** A real PostgreSQL for a test file: one embedded server, and a schema of its own for each test. */
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, migrate, type StoreOptions, startEmbeddedPostgres } from '@teal/store';
import pg from 'pg';

/** PostgreSQL refuses root: any other user will do, and this one is in every passwd file. */
async function ordinaryUser(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((text) => text.startsWith('nobody:')) ?? '';
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

export interface PostgresUnderTest {
  server(): EmbeddedPostgres;
  /** A fresh schema with the tables of the platform, and a key for its secrets. */
  migrated(): Promise<StoreOptions>;
  freshSchema(): StoreOptions;
  /** Stops it in good order and starts it again on the same data and socket. */
  restart(whileDown?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** No test cuts the machine's power, so that nobody has to wait for the disk. */
async function hurry(server: EmbeddedPostgres): Promise<void> {
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query('alter system set fsync = off');
  await client.query('select pg_reload_conf()');
  await client.end();
}

export const MIGRATIONS = join(import.meta.dirname, '../../migrations');

export async function startPostgres(): Promise<PostgresUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-pg-'));
  await chmod(folder, 0o711);
  const options = { dataDir: join(folder, 'pg'), runAs: await ordinaryUser(), log: () => {} };
  let server = await startEmbeddedPostgres(options);
  await hurry(server);
  const freshSchema = (): StoreOptions => ({
    connection: server.connection,
    schema: `t${randomUUID().replaceAll('-', '')}`,
    maxConnections: 8,
    secretKeys: [randomBytes(32)],
  });
  return {
    server: () => server,
    freshSchema,
    async migrated() {
      const database = freshSchema();
      await migrate({ ...database, migrationsDir: MIGRATIONS });
      return database;
    },
    async restart(whileDown = async () => {}) {
      await server.stop();
      await whileDown();
      server = await startEmbeddedPostgres(options);
    },
    async close() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
