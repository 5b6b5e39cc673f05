/** Logs of deployments, in chunks as they were written. */
import type { LogLine } from '@teal/core';
import type { Logs } from '@teal/deployer';
import type pg from 'pg';
import { one } from './database.ts';
import { announcement, told } from './notify.ts';
import { toJson } from './text.ts';

const CHUNKS_PER_READ = 64;

export function createLogs(pool: pg.Pool): Logs {
  return {
    async append(deploymentId, lines) {
      const first = lines[0];
      const last = lines.at(-1);
      if (first === undefined || last === undefined) return;
      const text = toJson(lines);
      const news = announcement({ kind: 'log', deploymentId, sequence: last.sequence });
      await pool.query({
        name: 'log-append',
        // Lines lost in a power cut are worth less than the wait for the disk.
        text: `with unhurried as (select set_config('synchronous_commit', 'off', true)),
          changed as (
            insert into log_chunks (deployment_id, first_sequence, last_sequence, lines, size_bytes)
            select id, $2::integer, $3::integer, $4::jsonb, $5::integer from deployments, unhurried where id = $1
            on conflict do nothing returning 1),
          ${told(6)}
          select count(*) from told`,
        values: [deploymentId, first.sequence, last.sequence, text, Buffer.byteLength(text), news],
      });
    },
    async read(deploymentId, after) {
      const { rows } = await pool.query<{ lines: LogLine[] }>(
        `select lines from log_chunks where deployment_id = $1 and last_sequence > $2 order by first_sequence limit $3`,
        [deploymentId, after, CHUNKS_PER_READ],
      );
      return rows.flatMap((row) => row.lines).filter((line) => line.sequence > after);
    },
    async tail(deploymentId, count) {
      const { rows } = await pool.query<{ lines: LogLine[] }>(
        `select lines from log_chunks where deployment_id = $1
           and last_sequence > (select max(last_sequence) from log_chunks where deployment_id = $1) - $2
         order by first_sequence`,
        [deploymentId, count],
      );
      return rows.flatMap((row) => row.lines).slice(-count);
    },
    async position(deploymentId) {
      const row = await one<{ sequence: number; size: string }>(
        pool,
        `select coalesce(max(last_sequence), 0) as sequence, coalesce(sum(size_bytes), 0) as size
         from log_chunks where deployment_id = $1`,
        [deploymentId],
      );
      return { sequence: row?.sequence ?? 0, sizeBytes: Number(row?.size ?? 0) };
    },
  };
}
