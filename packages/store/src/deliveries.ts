/** What waits for webhooks: claimed, ended, put off. */
import type { AttemptOutcome, Deliveries, WaitingDelivery } from '@teal/deployer';
import type pg from 'pg';
import { one } from './database.ts';
import type { Row } from './rows.ts';
import { webhookSecret, webhookUrl } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';
import { toText } from './text.ts';
import { KEPT_DELIVERIES } from './webhooks.ts';

const LATER = (parameter: number) => `clock_timestamp() + $${parameter} * interval '1 millisecond'`;

export function createDeliveries(pool: pg.Pool, sealer: Sealer): Deliveries {
  const toWaiting = (row: Row): WaitingDelivery => ({
    id: row.id,
    webhookId: row.webhook_id,
    createdAt: row.created_at,
    attempts: row.attempts,
    url: webhookUrl.open(sealer, row.webhook_id, row.url),
    secret: webhookSecret.open(sealer, row.webhook_id, row.secret),
    form: row.form,
    event: row.event,
    news: row.facts,
  });
  const claim = async (chosen: string, values: unknown[]) => {
    const { rows } = await pool.query<Row>(
      `with chosen as (${chosen})
       update webhook_deliveries d set due_at = ${LATER(1)}, attempts = attempts + 1, last_attempt_at = clock_timestamp()
       from chosen, webhooks w where d.id = chosen.id and w.id = d.webhook_id
       returning d.*, w.url, w.secret, w.form`,
      values,
    );
    return rows.map(toWaiting);
  };
  return {
    claim: ({ limit, busy, claimMs }) =>
      claim(
        `select id from webhook_deliveries where id in (
           select distinct on (webhook_id) id from webhook_deliveries
           where state = 'waiting' and due_at <= clock_timestamp() and webhook_id <> all ($2)
           order by webhook_id, due_at, id limit $3)
         and state = 'waiting' and due_at <= clock_timestamp() for update skip locked`,
        [claimMs, busy, limit],
      ),
    async claimOne(id, claimMs) {
      const chosen = `select id from webhook_deliveries where id = $2 and state = 'waiting' for update skip locked`;
      return (await claim(chosen, [claimMs, id]))[0] ?? null;
    },
    async end({ id, webhookId }, { status, error }) {
      await pool.query(
        `update webhook_deliveries set state = case when $3::text is null then 'delivered' else 'failed' end,
           status = $2, error = $3 where id = $1`,
        [id, status, error === null ? null : toText(error)],
      );
      await pool.query(
        `delete from webhook_deliveries where webhook_id = $1 and state <> 'waiting' and id not in (
           select id from webhook_deliveries where webhook_id = $1 and state <> 'waiting'
           order by created_at desc, id limit ${KEPT_DELIVERIES})`,
        [webhookId],
      );
    },
    async postpone(id: string, delayMs: number, { status, error }: AttemptOutcome) {
      await pool.query(
        `update webhook_deliveries set due_at = ${LATER(2)}, status = $3, error = $4 where id = $1 and state = 'waiting'`,
        [id, delayMs, status, error === null ? null : toText(error)],
      );
    },
    async nextDueMs(busy) {
      const row = await one<{ ms: string | null }>(
        pool,
        `select extract(epoch from min(due_at) - clock_timestamp()) * 1000 as ms
         from webhook_deliveries where state = 'waiting' and webhook_id <> all ($1)`,
        [busy],
      );
      return row?.ms == null ? null : Math.max(0, Math.ceil(Number(row.ms)));
    },
  };
}
