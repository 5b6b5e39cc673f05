/** Answers to requests that carried an Idempotency-Key, so that a repeated one gets the first one's answer. Sealed: one may hold a new token. */
import type pg from 'pg';
import { one } from './database.ts';
import { keptAnswer } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';
import { toJson } from './text.ts';

export type Claim =
  | { kind: 'first' }
  | { kind: 'running' }
  | { kind: 'mismatch' }
  | { kind: 'answered'; status: number; answer: unknown };

export interface Idempotency {
  /** Claims `key`; only `first` may run the request. A claim without an answer is free again after a minute. */
  claim(ownerId: string, key: string, requestDigest: string): Promise<Claim>;
  answer(ownerId: string, key: string, status: number, answer: unknown): Promise<void>;
  /** The request failed in a way that trying again may mend. */
  forget(ownerId: string, key: string): Promise<void>;
}

export function createIdempotency(pool: pg.Pool, sealer: Sealer): Idempotency {
  const opened = (answer: unknown, ownerId: string, key: string): unknown => {
    const { sealed } = (answer ?? {}) as { sealed?: unknown };
    return typeof sealed === 'string' ? JSON.parse(keptAnswer.open(sealer, `${ownerId} ${key}`, sealed)) : answer;
  };
  return {
    async claim(ownerId, key, requestDigest) {
      await pool.query(
        `delete from idempotency_keys where (owner_id = $1 and key = $2 and status is null
           and created_at < now() - interval '1 minute') or created_at < now() - interval '1 day'`,
        [ownerId, key],
      );
      const claimed = await pool.query(
        'insert into idempotency_keys (owner_id, key, request_digest) values ($1, $2, $3) on conflict do nothing',
        [ownerId, key, requestDigest],
      );
      if (claimed.rowCount === 1) return { kind: 'first' };
      const row = await one<{ request_digest: string; status: number | null; answer: unknown }>(
        pool,
        'select request_digest, status, answer from idempotency_keys where owner_id = $1 and key = $2',
        [ownerId, key],
      );
      if (row === null) return { kind: 'running' };
      if (row.request_digest !== requestDigest) return { kind: 'mismatch' };
      return row.status === null
        ? { kind: 'running' }
        : { kind: 'answered', status: row.status, answer: opened(row.answer, ownerId, key) };
    },
    async answer(ownerId, key, status, answer) {
      await pool.query('update idempotency_keys set status = $3, answer = $4 where owner_id = $1 and key = $2', [
        ownerId,
        key,
        status,
        toJson({ sealed: keptAnswer.seal(sealer, `${ownerId} ${key}`, toJson(answer)) }),
      ]);
    },
    async forget(ownerId, key) {
      await pool.query('delete from idempotency_keys where owner_id = $1 and key = $2', [ownerId, key]);
    },
  };
}
