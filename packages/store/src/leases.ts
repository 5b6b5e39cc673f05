/** Leases: one process acts for an app at a time. */
import type { Leases } from '@teal/deployer';
import type pg from 'pg';
import { one } from './database.ts';

export function createLeases(pool: pg.Pool): Leases {
  return {
    async acquire(appId, holder, ttlMs) {
      const row = await one<{ token: string }>(
        pool,
        `insert into leases (app_id, holder, token, expires_at)
         values ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
         on conflict (app_id) do update
           set holder = excluded.holder, token = leases.token + 1, expires_at = excluded.expires_at
           where leases.expires_at <= clock_timestamp() or leases.holder = excluded.holder
         returning token`,
        [appId, holder, ttlMs],
      );
      return row === null ? null : { appId, token: Number(row.token) };
    },
    async renew(lease, ttlMs) {
      const result = await pool.query(
        `update leases set expires_at = clock_timestamp() + $3 * interval '1 millisecond'
         where app_id = $1 and token = $2 and expires_at > clock_timestamp()`,
        [lease.appId, lease.token, ttlMs],
      );
      return result.rowCount === 1;
    },
    async release(lease) {
      // The row stays: its token must keep growing.
      await pool.query('update leases set expires_at = to_timestamp(0) where app_id = $1 and token = $2', [
        lease.appId,
        lease.token,
      ]);
    },
    async drop(holderPrefix) {
      await pool.query(
        'update leases set expires_at = to_timestamp(0), token = token + 1 where starts_with(holder, $1)',
        [holderPrefix],
      );
    },
  };
}
