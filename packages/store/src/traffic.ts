/** Traffic figures per app, pool and minute. Adds and reads them; what they mean is core's. */
import { type Colour, STATUS_CLASSES, type TrafficFigures, type TrafficMinute } from '@teal/core';
import type { Traffic, TrafficBatch } from '@teal/deployer';
import pg from 'pg';
import type { Row } from './rows.ts';

/** Rows in one order, so that two processes that write the same ones can't wait for each other. */
const ADD = `
  with fresh as (
    insert into traffic_writers as w (writer, batch) values ($1, $2)
    on conflict (writer) do update set batch = excluded.batch, written_at = now() where w.batch < excluded.batch
    returning 1
  )
  insert into traffic_minutes as t (app_id, minute, pool, statuses, latency, bytes_in, bytes_out)
  select m.app_id, m.minute, m.pool, m.statuses::int[], m.latency::int[], m.bytes_in, m.bytes_out
  from unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[])
    as m (app_id, minute, pool, statuses, latency, bytes_in, bytes_out)
  join apps on apps.id = m.app_id
  where exists (select from fresh)
  order by m.app_id, m.minute, m.pool
  on conflict (app_id, minute, pool) do update set
    statuses = array(select a + b from unnest(t.statuses, excluded.statuses) with ordinality as s (a, b, n) order by n),
    latency = array(select a + b from unnest(t.latency, excluded.latency) with ordinality as s (a, b, n) order by n),
    bytes_in = t.bytes_in + excluded.bytes_in, bytes_out = t.bytes_out + excluded.bytes_out`;

const ADD_TRIES = 3;

export function createTraffic(pool: pg.Pool): Traffic {
  return {
    async add(batch) {
      if (batch.minutes.length === 0) return;
      for (let attempt = 1; ; attempt += 1) {
        try {
          await pool.query(ADD, parametersOf(batch));
          return;
        } catch (error) {
          // An app was deleted in the middle of the statement: the next try leaves it out.
          if (attempt >= ADD_TRIES || !isForeignKeyViolation(error)) throw error;
        }
      }
    },
    async read(appId, { from, to }) {
      const { rows } = await pool.query<Row>(
        `select * from traffic_minutes where app_id = $1 and minute >= $2 and minute < $3 order by minute, pool`,
        [appId, from, to],
      );
      return rows.map(toMinute);
    },
    async purge(before) {
      await pool.query('delete from traffic_minutes where minute < $1', [before]);
      await pool.query('delete from traffic_writers where written_at < $1', [before]);
    },
  };
}

function parametersOf({ writer, number, minutes }: TrafficBatch): unknown[] {
  const column = <T>(read: (minute: TrafficMinute) => T) => minutes.map(read);
  return [
    writer,
    number,
    column(({ appId }) => appId),
    column(({ minute }) => minute),
    column(({ colour }) => colour ?? 'router'),
    // PostgreSQL's arrays of arrays are rectangles that unnest takes apart wholly: each goes as its text.
    column(({ statuses }) => `{${STATUS_CLASSES.map((name) => statuses[name]).join(',')}}`),
    column(({ latency }) => `{${latency.join(',')}}`),
    column(({ bytesIn }) => bytesIn),
    column(({ bytesOut }) => bytesOut),
  ];
}

/** What a row stood on was deleted meanwhile. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23503';
}

function toMinute(row: Row): TrafficMinute {
  const statuses = Object.fromEntries(STATUS_CLASSES.map((name, index) => [name, row.statuses[index] ?? 0]));
  return {
    appId: row.app_id,
    colour: row.pool === 'router' ? null : (row.pool as Colour),
    minute: row.minute,
    statuses: statuses as TrafficFigures['statuses'],
    latency: row.latency,
    bytesIn: Number(row.bytes_in),
    bytesOut: Number(row.bytes_out),
  };
}
