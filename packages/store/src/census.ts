/** How much of everything there is: for metrics. Counts rows by partial indexes; reads none. */
import type { DeploymentState, InstanceState } from '@teal/core';
import type { Census } from '@teal/deployer';
import type pg from 'pg';

interface CountRow {
  what: string;
  kind: string | null;
  count: string;
}

const COUNT = `
  select 'instances' as what, state as kind, count(*) from instances where state <> 'off' group by state
  union all
  select 'deployments', state, count(*) from deployments
    where state = 'queued' or state in ('building', 'starting', 'probing', 'switching') group by state
  union all select 'images', null, count(*) from images
  union all select 'apps', null, count(*) from apps where not deleting`;

export function createCensus(pool: pg.Pool): Census {
  return {
    async take() {
      const { rows } = await pool.query<CountRow>(COUNT);
      const of = (what: string) => rows.filter((row) => row.what === what);
      const byKind = (what: string) => Object.fromEntries(of(what).map(({ kind, count }) => [kind, Number(count)]));
      return {
        instances: byKind('instances') as Partial<Record<InstanceState, number>>,
        deployments: byKind('deployments') as Partial<Record<DeploymentState, number>>,
        images: Number(of('images')[0]?.count ?? 0),
        apps: Number(of('apps')[0]?.count ?? 0),
      };
    },
    async appNames() {
      const { rows } = await pool.query<{ id: string; name: string }>('select id, name from apps where not deleting');
      return new Map(rows.map(({ id, name }) => [id, name]));
    },
  };
}
