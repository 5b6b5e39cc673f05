/** Mails that wait to be sent, and who gets them. */
import type { Outbox, OutboxMail, Recipients } from '@teal/deployer';
import type pg from 'pg';
import { one } from './database.ts';
import type { Row } from './rows.ts';
import { toText } from './text.ts';

function toMail(row: Row): OutboxMail {
  return {
    id: row.id,
    appId: row.app_id,
    recipient: row.recipient,
    facts: row.facts,
    attempts: row.attempts,
    createdAt: row.created_at,
  };
}

export function createOutbox(pool: pg.Pool): Outbox {
  return {
    async due() {
      const { rows } = await pool.query<Row>(
        `with first as (
           select app_id, recipient from outbox where state = 'waiting' and due_at <= clock_timestamp()
           order by due_at limit 1
         )
         select o.* from outbox o join first using (app_id, recipient)
         where o.state = 'waiting' and o.due_at <= clock_timestamp() order by o.created_at limit 1000`,
      );
      return rows.length === 0 ? null : rows.map(toMail);
    },
    async sentSince(appId, recipient, since) {
      const row = await one<{ single: string; digests: string }>(
        pool,
        `select count(*) filter (where not in_digest) as single,
           count(distinct sent_at) filter (where in_digest) as digests
         from outbox where state = 'sent' and app_id = $1 and recipient = $2 and sent_at > $3`,
        [appId, recipient, since],
      );
      return { single: Number(row?.single ?? 0), digests: Number(row?.digests ?? 0) };
    },
    async markSent(ids, { inDigest }) {
      await pool.query(
        `update outbox set state = 'sent', sent_at = now(), in_digest = $2, last_error = null where id = any($1)`,
        [ids, inDigest],
      );
    },
    async postpone(ids, until, error) {
      await pool.query(
        `update outbox set due_at = $2, last_error = coalesce($3, last_error),
           attempts = attempts + case when $3::text is null then 0 else 1 end
         where id = any($1) and state = 'waiting'`,
        [ids, until, error === null ? null : toText(error)],
      );
    },
    async nextDueMs() {
      const row = await one<{ ms: string | null }>(
        pool,
        `select extract(epoch from min(due_at) - clock_timestamp()) * 1000 as ms from outbox where state = 'waiting'`,
      );
      return row?.ms == null ? null : Math.max(0, Math.ceil(Number(row.ms)));
    },
    async purge(before) {
      await pool.query(`delete from outbox where state = 'sent' and sent_at < $1`, [before]);
    },
  };
}

export function createRecipients(pool: pg.Pool): Recipients {
  return {
    async ofFailures(appId) {
      const { rows } = await pool.query<{ email: string }>(
        `select distinct u.email from apps a join organisations o on o.id = a.organisation_id
           join memberships m on m.organisation_id = o.id join users u on u.id = m.user_id
         where a.id = $1 and u.email is not null and coalesce(m.failure_mails, o.failure_mails) order by u.email`,
        [appId],
      );
      return rows.map((row) => row.email);
    },
  };
}
