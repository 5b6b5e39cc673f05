/** What instances used, by instance and minute. Adds and reads it; what it means is core's. */
import type { Colour, InstanceUsageMinute, UsageMinute } from '@teal/core';
import type { UsageRecords } from '@teal/deployer';
import type pg from 'pg';
import type { Row } from './rows.ts';
import { isForeignKeyViolation } from './traffic.ts';

/** Rows in one order, so that two processes that write the same ones can't wait for each other. */
const ADD = `
  insert into usage_minutes as u (app_id, instance_id, minute, cpu_ms, measured_ms, memory_bytes, memory_limit_bytes)
  select i.app_id, m.instance_id, m.minute, m.cpu_ms, m.measured_ms, m.memory_bytes, m.memory_limit_bytes
  from unnest($1::text[], $2::timestamptz[], $3::int[], $4::int[], $5::bigint[], $6::bigint[])
    as m (instance_id, minute, cpu_ms, measured_ms, memory_bytes, memory_limit_bytes)
  join instances i on i.id = m.instance_id
  order by i.app_id, m.minute, m.instance_id
  on conflict (app_id, minute, instance_id) do update set
    cpu_ms = u.cpu_ms + excluded.cpu_ms, measured_ms = u.measured_ms + excluded.measured_ms,
    memory_bytes = greatest(u.memory_bytes, excluded.memory_bytes), memory_limit_bytes = excluded.memory_limit_bytes`;

const ADD_TRIES = 3;

export function createUsageRecords(pool: pg.Pool): UsageRecords {
  return {
    async add(minutes) {
      for (let attempt = 1; minutes.length > 0; attempt += 1) {
        try {
          await pool.query(ADD, parametersOf(minutes));
          return;
        } catch (error) {
          // An app was deleted in the middle of the statement: the next try leaves it out.
          if (attempt >= ADD_TRIES || !isForeignKeyViolation(error)) throw error;
        }
      }
    },
    async read(appId, { from, to }) {
      const { rows } = await pool.query<Row>(
        `select u.*, i.number, i.colour, i.deployment_id from usage_minutes u join instances i on i.id = u.instance_id
         where u.app_id = $1 and u.minute >= $2 and u.minute < $3 order by u.minute, i.created_at, i.number`,
        [appId, from, to],
      );
      return rows.map(toMinute);
    },
    async purge(before) {
      await pool.query('delete from usage_minutes where minute < $1', [before]);
    },
  };
}

function parametersOf(minutes: readonly UsageMinute[]): unknown[] {
  const column = <T>(read: (minute: UsageMinute) => T) => minutes.map(read);
  return [
    column(({ instanceId }) => instanceId),
    column(({ minute }) => minute),
    column(({ cpuMs }) => cpuMs),
    column(({ measuredMs }) => measuredMs),
    column(({ memoryBytes }) => memoryBytes),
    column(({ memoryLimitBytes }) => memoryLimitBytes),
  ];
}

function toMinute(row: Row): InstanceUsageMinute {
  return {
    appId: row.app_id,
    instanceId: row.instance_id,
    number: row.number,
    colour: row.colour as Colour,
    deploymentId: row.deployment_id,
    minute: row.minute,
    cpuMs: row.cpu_ms,
    measuredMs: row.measured_ms,
    memoryBytes: Number(row.memory_bytes),
    memoryLimitBytes: row.memory_limit_bytes === null ? null : Number(row.memory_limit_bytes),
  };
}
