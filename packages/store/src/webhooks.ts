/** Webhooks of organisations and apps, and what became of their last deliveries. Sends nothing. */
import { TealError, type WebhookEvent, type WebhookForm } from '@teal/core';
import type pg from 'pg';
import { one, transaction } from './database.ts';
import type { OwnedApp, OwnedOrganisation } from './reach.ts';
import type { Row } from './rows.ts';
import { webhookSecret, webhookUrl } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';
import { toText } from './text.ts';

/** An app has its own; those of an organisation are told of all its apps. */
export type WebhookOwner = { organisation: OwnedOrganisation } | { app: OwnedApp };

export interface Webhook {
  id: string;
  name: string;
  url: string;
  form: WebhookForm;
  events: readonly WebhookEvent[];
  createdAt: Date;
  /** The newest delivery; null: none yet. */
  last: Delivery | null;
}

export interface NewWebhook extends Pick<Webhook, 'id' | 'name' | 'url' | 'form' | 'events'> {
  secret: string;
}

export interface Delivery {
  id: string;
  event: WebhookEvent | 'test';
  /** Null for a test. */
  deploymentId: string | null;
  appName: string | null;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  createdAt: Date;
  lastAttemptAt: Date | null;
  /** When it is tried next; null once it has ended. */
  nextAttemptAt: Date | null;
  /** The receiver's last answer. */
  status: number | null;
  error: string | null;
}

export interface Webhooks {
  /** The oldest first. */
  list(owner: WebhookOwner): Promise<Webhook[]>;
  /** Throws `webhook_limit`. */
  add(owner: WebhookOwner, webhook: NewWebhook): Promise<Webhook>;
  /** Null when the owner has none of this id; so below. */
  remove(owner: WebhookOwner, id: string): Promise<Webhook | null>;
  /** The newest first; {@link KEPT_DELIVERIES} ended ones are kept. */
  deliveries(owner: WebhookOwner, id: string): Promise<Delivery[] | null>;
  /** A delivery that waits for nobody but `deliverNow`. */
  addTest(owner: WebhookOwner, id: string, deliveryId: string): Promise<boolean>;
}

export const KEPT_DELIVERIES = 50;
/** For an organisation's own, and for each app. */
const LIMIT = 20;
/** Long enough that the courier does not take a test from who asked for it. */
const TEST_OWN_MS = 60_000;

const OWNED = 'organisation_id = $1 and app_id is not distinct from $2';
const ownerOf = (owner: WebhookOwner) =>
  'app' in owner ? [owner.app.organisationId, owner.app.id] : [owner.organisation.id, null];

export function toDelivery(row: Row): Delivery {
  return {
    id: row.id,
    event: row.event,
    deploymentId: row.facts?.deploymentId ?? null,
    appName: row.facts?.appName ?? null,
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at,
    lastAttemptAt: row.last_attempt_at,
    nextAttemptAt: row.state === 'waiting' ? row.due_at : null,
    status: row.status,
    error: row.error,
  };
}

export function createWebhooks(pool: pg.Pool, sealer: Sealer): Webhooks {
  const toWebhook = (row: Row, last: Delivery | null): Webhook => ({
    id: row.id,
    name: row.name,
    url: webhookUrl.open(sealer, row.id, row.url),
    form: row.form,
    events: row.events,
    createdAt: row.created_at,
    last,
  });
  const newest = async (webhookIds: readonly string[]) => {
    const { rows } = await pool.query<Row>(
      `select d.* from unnest($1::text[]) as w(id) cross join lateral
         (select * from webhook_deliveries where webhook_id = w.id order by created_at desc, id limit 1) d`,
      [webhookIds],
    );
    return new Map(rows.map((row) => [row.webhook_id, toDelivery(row)]));
  };
  const has = async (owner: WebhookOwner, id: string) =>
    (await one(pool, `select 1 from webhooks where ${OWNED} and id = $3`, [...ownerOf(owner), toText(id)])) !== null;

  return {
    async list(owner) {
      const { rows } = await pool.query<Row>(
        `select * from webhooks where ${OWNED} order by created_at, id`,
        ownerOf(owner),
      );
      const last = await newest(rows.map(({ id }) => id));
      return rows.map((row) => toWebhook(row, last.get(row.id) ?? null));
    },
    add: (owner, { id, name, url, secret, form, events }) =>
      transaction(pool, async (client) => {
        const [organisationId, appId] = ownerOf(owner);
        // Additions of one organisation come one after the other, so that the limit is one.
        await client.query('select 1 from organisations where id = $1 for update', [organisationId]);
        const row = await one<Row>(
          client,
          `insert into webhooks (id, organisation_id, app_id, name, url, secret, form, events)
           select $3, $1, $2, $4, $5, $6, $7, $8
           where (select count(*) from webhooks where ${OWNED}) < ${LIMIT} returning *`,
          [
            ...[organisationId, appId, id, toText(name), webhookUrl.seal(sealer, id, url)],
            ...[webhookSecret.seal(sealer, id, secret), form, events],
          ],
        );
        if (row === null) throw new TealError('webhook_limit', { limit: String(LIMIT) });
        return toWebhook(row, null);
      }),
    async remove(owner, id) {
      const row = await one<Row>(pool, `delete from webhooks where ${OWNED} and id = $3 returning *`, [
        ...ownerOf(owner),
        toText(id),
      ]);
      return row === null ? null : toWebhook(row, null);
    },
    async deliveries(owner, id) {
      if (!(await has(owner, id))) return null;
      const { rows } = await pool.query<Row>(
        `select * from webhook_deliveries where webhook_id = $1 order by created_at desc, id limit ${2 * KEPT_DELIVERIES}`,
        [id],
      );
      return rows.map(toDelivery);
    },
    async addTest(owner, id, deliveryId) {
      if (!(await has(owner, id))) return false;
      await pool.query(
        `insert into webhook_deliveries (id, webhook_id, event, due_at)
         values ($1, $2, 'test', clock_timestamp() + $3 * interval '1 millisecond')`,
        [deliveryId, id, TEST_OWN_MS],
      );
      return true;
    },
  };
}
