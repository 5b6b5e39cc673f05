/** PostgreSQL: the only place with SQL. */
import type { Deliveries, Store, UsageRecords } from '@teal/deployer';
import type pg from 'pg';
import { type Accounts, createAccounts, type Principal } from './accounts.ts';
import { type Activities, createActivities } from './activity.ts';
import { createApps } from './apps.ts';
import { openBus } from './bus.ts';
import { createCensus } from './census.ts';
import { createCertificates } from './certificates.ts';
import { type DatabaseOptions, openPool } from './database.ts';
import { createDeliveries } from './deliveries.ts';
import { createDeployments } from './deployments.ts';
import { createDomains } from './domains.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';
import { createKeys, type SshKeys } from './keys.ts';
import { createLeases } from './leases.ts';
import { createLogs } from './logs.ts';
import { createMailWishes, type MailWishStore } from './mailWishes.ts';
import { createOrganisations, type Organisations } from './organisations.ts';
import { createOutbox, createRecipients } from './outbox.ts';
import { createPeople, type People } from './people.ts';
import { createPushes } from './pushes.ts';
import { type Within, within } from './reach.ts';
import { createImages, createInstances, createReleases } from './releases.ts';
import { createReservations } from './reservations.ts';
import { createSealer, type Sealer } from './secrets/sealer.ts';
import { sealStored, secretsSealedUnder } from './secrets/sealStored.ts';
import { createTokens, type Tokens } from './tokens.ts';
import { createTraffic } from './traffic.ts';
import { createUsageRecords } from './usage.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

export type { Accounts, FirstAdmin, Membership, NewSession, Principal } from './accounts.ts';
export type { Activities, Activity, ActivityPage, NewActivity } from './activity.ts';
export type { DatabaseLimits, DatabaseOptions } from './database.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/index.ts';
export type { Claim, Idempotency } from './idempotency.ts';
export type { KeyOwner, NewSshKey, SshKey, SshKeys } from './keys.ts';
export type { MailChoices, MailWishes, MailWishStore } from './mailWishes.ts';
export { migrate } from './migrate.ts';
export type { Invitation, Member, NewInvitation, Organisations } from './organisations.ts';
export type { People, Person } from './people.ts';
export type { OwnedApp, OwnedDeployment, OwnedOrganisation, Within } from './reach.ts';
export { keyIdOf } from './secrets/sealer.ts';
export type { NewToken, Token, TokenOwner, Tokens } from './tokens.ts';
export type { Delivery, NewWebhook, Webhook, WebhookOwner, Webhooks } from './webhooks.ts';

export interface PostgresStore extends Store {
  accounts: Accounts;
  people: People;
  organisations: Organisations;
  tokens: Tokens;
  activity: Activities;
  idempotency: Idempotency;
  /** All that a request may see of apps: those within reach of the one who asks. */
  of(principal: Pick<Principal, 'memberships' | 'token'>): Within;
  keys: SshKeys;
  webhooks: Webhooks;
  usage: UsageRecords;
  deliveries: Deliveries;
  mailWishes: MailWishStore;
  /** Rejects when PostgreSQL does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

function parts(pool: pg.Pool, sealer: Sealer) {
  return {
    apps: createApps(pool, sealer),
    domains: createDomains(pool, sealer),
    certificates: createCertificates(pool, sealer),
    pushes: createPushes(pool),
    deployments: createDeployments(pool),
    releases: createReleases(pool, sealer),
    images: createImages(pool),
    instances: createInstances(pool),
    logs: createLogs(pool),
    leases: createLeases(pool),
    outbox: createOutbox(pool),
    recipients: createRecipients(pool),
    reservations: createReservations(pool),
    traffic: createTraffic(pool),
    usage: createUsageRecords(pool),
    census: createCensus(pool),
    accounts: createAccounts(pool),
    people: createPeople(pool, sealer),
    organisations: createOrganisations(pool, sealer),
    tokens: createTokens(pool),
    activity: createActivities(pool),
    idempotency: createIdempotency(pool, sealer),
    keys: createKeys(pool),
    webhooks: createWebhooks(pool, sealer),
    deliveries: createDeliveries(pool, sealer),
    mailWishes: createMailWishes(pool),
  };
}

export interface StoreOptions extends DatabaseOptions {
  /** 32 bytes each. The first seals what is written, and what was sealed under the others. */
  secretKeys: readonly Buffer[];
}

/**
 * Opens the store on a schema that `migrate` has brought up to date, and seals what is not sealed under the first key.
 * Throws `secret_key_wrong`.
 */
export async function openStore(options: StoreOptions): Promise<PostgresStore> {
  const sealer = createSealer(options.secretKeys);
  const pool = openPool(options);
  const bus = await prepared(pool, async () => {
    await sealStored(pool, sealer);
    return openBus(options);
  });
  const store = { ...parts(pool, sealer), bus };
  return {
    ...store,
    of: (principal) => within(store, principal),
    async ping() {
      await pool.query('select 1');
    },
    async close() {
      await bus.close();
      await pool.end();
    },
  };
}

/** Id of the key that the secrets in a migrated database are sealed under; null before the first start that sealed any. */
export function secretKeyIdOf(options: DatabaseOptions): Promise<string | null> {
  const pool = openPool({ ...options, maxConnections: 1 });
  return secretsSealedUnder(pool).finally(() => pool.end());
}

/** Leaves no connection behind when `work` fails. */
async function prepared<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await pool.end();
    throw error;
  }
}
