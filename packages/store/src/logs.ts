/** Logs of deployments, in chunks as they were written. */
import type { LogLine } from '@teal/core';
import type { Logs } from '@teal/deployer';
import type pg from 'pg';
import { one, transaction } from './database.ts';
import { notify } from './notify.ts';
import { toJson } from './text.ts';

const CHUNKS_PER_READ = 64;

export function createLogs(pool: pg.Pool): Logs {
  return {
    append(deploymentId, lines) {
      const first = lines[0];
      const last = lines.at(-1);
      if (first === undefined || last === undefined) return Promise.resolve();
      const text = toJson(lines);
      return transaction(pool, async (client) => {
        // Lines lost in a power cut are worth less than the wait for the disk.
        await client.query('set local synchronous_commit = off');
        await client.query(
          `insert into log_chunks (deployment_id, first_sequence, last_sequence, lines, size_bytes)
           select id, $2, $3, $4, $5 from deployments where id = $1 on conflict do nothing`,
          [deploymentId, first.sequence, last.sequence, text, Buffer.byteLength(text)],
        );
        await notify(client, { kind: 'log', deploymentId, sequence: last.sequence });
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
