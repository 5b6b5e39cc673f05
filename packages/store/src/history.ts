/** Forgets old deployments with all that hangs on them. Knows no age: callers say how many of the newest stay. */
import type { Deployments, Lease } from '@teal/deployer';
import type pg from 'pg';
import { fenced } from './database.ts';

type Retention = Parameters<Deployments['forget']>[1];

/** Of app $1: ended before the newest $2, of no release in $3, with nothing that may still run or sleep. */
const OLD = `select d.id, d.release_id, d.push_id from deployments d
  where d.app_id = $1 and d.state in ('replaced', 'failed', 'cancelled')
    and d.sequence < (select sequence from deployments where app_id = $1 order by sequence desc offset $2::integer - 1 limit 1)
    and (d.release_id is null or not d.release_id = any($3::text[]))
    and not exists (select from instances i where i.app_id = $1 and i.state <> 'off'
      and (i.deployment_id = d.id or i.release_id = d.release_id))`;

export function forget(pool: pg.Pool, lease: Lease, retention: Retention): Promise<number> {
  const { deployments, logs, kept, limit } = retention;
  return fenced(pool, lease, async (client) => {
    const { rows } = await client.query<{ id: string; release_id: string | null; push_id: string | null }>(
      `${OLD} order by d.sequence limit $4`,
      [lease.appId, deployments, kept, limit],
    );
    const ids = rows.map((row) => row.id);
    if (ids.length > 0) await forgetThese(client, lease.appId, { ids, rows });
    await client.query(
      `delete from log_chunks where deployment_id in (
         select id from (${OLD}) as old where exists (select from log_chunks c where c.deployment_id = old.id)
         order by id limit $4)`,
      [lease.appId, logs, kept, limit],
    );
    return ids.length;
  });
}

interface Forgotten {
  ids: readonly string[];
  rows: readonly { release_id: string | null; push_id: string | null }[];
}

async function forgetThese(client: pg.PoolClient, appId: string, { ids, rows }: Forgotten): Promise<void> {
  await client.query(`delete from instances i where i.app_id = $1 and i.state = 'off' and i.deployment_id = any($2)`, [
    appId,
    ids,
  ]);
  await client.query('delete from deployments where app_id = $1 and id = any($2)', [appId, ids]);
  await client.query('delete from pushes where app_id = $1 and id = any($2)', [
    appId,
    rows.flatMap((row) => row.push_id ?? []),
  ]);
  const releases = [appId, [...new Set(rows.flatMap((row) => row.release_id ?? []))]];
  // A release that a younger deployment has started again goes with that one.
  await client.query(
    `delete from instances i where i.app_id = $1 and i.state = 'off' and i.release_id = any($2)
       and not exists (select from deployments d where d.release_id = i.release_id)`,
    releases,
  );
  await client.query(
    `delete from releases r where r.app_id = $1 and r.id = any($2)
       and not exists (select from deployments d where d.release_id = r.id)
       and not exists (select from instances i where i.release_id = r.id)`,
    releases,
  );
}
