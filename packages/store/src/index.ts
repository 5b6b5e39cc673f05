/** PostgreSQL: the only place with SQL. */
import type { Store } from '@teal/deployer';
import type pg from 'pg';
import { type Accounts, createAccounts } from './accounts.ts';
import { createApps } from './apps.ts';
import { openBus } from './bus.ts';
import { createCensus } from './census.ts';
import { createCertificates } from './certificates.ts';
import { type DatabaseOptions, openPool } from './database.ts';
import { createDeployments } from './deployments.ts';
import { createDomains } from './domains.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';
import { createLeases } from './leases.ts';
import { createLogs } from './logs.ts';
import { createOutbox, createRecipients } from './outbox.ts';
import { createPushes } from './pushes.ts';
import { createImages, createInstances, createReleases } from './releases.ts';
import { createReservations } from './reservations.ts';
import { createTraffic } from './traffic.ts';

export type { Accounts, FirstAdmin, NewToken, Principal, Token } from './accounts.ts';
export type { DatabaseOptions } from './database.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/index.ts';
export type { Claim, Idempotency } from './idempotency.ts';
export { migrate } from './migrate.ts';

export interface PostgresStore extends Store {
  accounts: Accounts;
  idempotency: Idempotency;
  /** Rejects when PostgreSQL does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

function parts(pool: pg.Pool) {
  return {
    apps: createApps(pool),
    domains: createDomains(pool),
    certificates: createCertificates(pool),
    pushes: createPushes(pool),
    deployments: createDeployments(pool),
    releases: createReleases(pool),
    images: createImages(pool),
    instances: createInstances(pool),
    logs: createLogs(pool),
    leases: createLeases(pool),
    outbox: createOutbox(pool),
    recipients: createRecipients(pool),
    reservations: createReservations(pool),
    traffic: createTraffic(pool),
    census: createCensus(pool),
    accounts: createAccounts(pool),
    idempotency: createIdempotency(pool),
  };
}

/** Opens the store on a schema that `migrate` has brought up to date. */
export async function openStore(options: DatabaseOptions): Promise<PostgresStore> {
  const pool = openPool(options);
  const bus = await openBus(options);
  return {
    ...parts(pool),
    bus,
    async ping() {
      await pool.query('select 1');
    },
    async close() {
      await bus.close();
      await pool.end();
    },
  };
}
