/** Which database BullMQ stands on, and how to reach it. */
import type { ConnectionOptions } from 'bullmq';
import { createPostgresBackend, runMigrations } from 'bullmq';
import pg from 'pg';

export type QueueBackend =
  | { kind: 'postgres'; connection: pg.PoolConfig; schema: string }
  | { kind: 'redis'; url: string; prefix: string };

const MAX_CONNECTIONS = 3;
const LIMITS = { connectMs: 10_000, idleInTransactionMs: 10_000 };

/** Brings BullMQ's own tables up to date: a worker that meets a database without them never recovers. */
export async function prepareBackend(backend: QueueBackend): Promise<void> {
  if (backend.kind === 'redis') return;
  const pool = new pg.Pool({ ...backend.connection, max: 1, connectionTimeoutMillis: LIMITS.connectMs });
  try {
    await runMigrations(pool, backend.schema);
  } finally {
    await pool.end();
  }
}

/** The arguments that BullMQ's classes take after the queue's name (and the processor). */
export function connectionOf(backend: QueueBackend): { connection: ConnectionOptions; prefix?: string } {
  if (backend.kind === 'redis') {
    const url = new URL(backend.url);
    return {
      prefix: backend.prefix,
      connection: {
        host: url.hostname,
        port: Number(url.port || 6379),
        username: decodeURIComponent(url.username) || undefined,
        password: decodeURIComponent(url.password) || undefined,
        db: Number(url.pathname.slice(1) || 0),
        tls: url.protocol === 'rediss:' ? {} : undefined,
        maxRetriesPerRequest: null,
        connectTimeout: LIMITS.connectMs,
      } as ConnectionOptions,
    };
  }
  const connection = {
    ...backend.connection,
    schema: backend.schema,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: LIMITS.connectMs,
    idle_in_transaction_session_timeout: LIMITS.idleInTransactionMs,
  };
  return { connection: connection as unknown as ConnectionOptions };
}

export function factoryOf(backend: QueueBackend): typeof createPostgresBackend | undefined {
  return backend.kind === 'postgres' ? createPostgresBackend : undefined;
}
