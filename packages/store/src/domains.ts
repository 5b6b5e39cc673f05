/** The apps' own domains: one owner each, by the table's key. */
import { TealError } from '@teal/core';
import type { Domains } from '@teal/deployer';
import type pg from 'pg';
import { changeFenced } from './apps.ts';
import { one } from './database.ts';
import type { Sealer } from './secrets/sealer.ts';

export function createDomains(pool: pg.Pool, sealer: Sealer): Domains {
  const db = { pool, sealer };
  return {
    add(lease, { name, primary }) {
      return changeFenced(db, lease, async (client) => {
        if (primary === true) await client.query(CLEAR_PRIMARY, [lease.appId]);
        const owned = await one(
          client,
          `insert into domains as d (name, app_id, is_primary) values ($1, $2, coalesce($3, false))
           on conflict (name) do update set is_primary = coalesce($3, d.is_primary) where d.app_id = $2
           returning name`,
          [name, lease.appId, primary ?? null],
        );
        if (owned === null) throw new TealError('domain_taken', { name });
      });
    },
    clearPrimary(lease) {
      return changeFenced(db, lease, (client) => client.query(CLEAR_PRIMARY, [lease.appId]));
    },
    async remove(lease, name) {
      let removed = false;
      const app = await changeFenced(db, lease, async (client) => {
        const gone = await client.query('delete from domains where app_id = $1 and name = $2', [lease.appId, name]);
        removed = gone.rowCount === 1;
      });
      return removed ? app : null;
    },
  };
}

const CLEAR_PRIMARY = 'update domains set is_primary = false where app_id = $1 and is_primary';
