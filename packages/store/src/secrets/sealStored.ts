/** Seals everything in the database under the current key, whatever it was sealed under before. May be killed and run again. */
import { TealError } from '@teal/core';
import type pg from 'pg';
import { one, transaction } from '../database.ts';
import { toJson } from '../text.ts';
import {
  certificateKey,
  configurationDigest,
  keptAnswer,
  openEnvironment,
  type SealedText,
  type StoredEnvironment,
  sealEnvironment,
  secretCheck,
  totpSecret,
  webhookSecret,
  webhookUrl,
} from './sealedFields.ts';
import { type Sealer, sealedUnder } from './sealer.ts';

const BATCH_ROWS = 200;
const CHECK_TEXT = 'the key of this platform';

interface Column {
  name: string;
  type: 'jsonb' | 'text';
  /** SQL: what a value is bound to. */
  owner: string;
  reseal(sealer: Sealer, owner: string, stored: unknown): string;
}

interface Table {
  name: string;
  /** SQL: a text that names a row. */
  id: string;
  columns: readonly Column[];
}

const environment = (owner: string): Column => ({
  name: 'environment',
  type: 'jsonb',
  owner,
  reseal: (sealer, appId, stored) =>
    toJson(sealEnvironment(sealer, appId, openEnvironment(sealer, appId, stored as StoredEnvironment))),
});

const text = (name: string, owner: string, field: SealedText): Column => ({
  name,
  type: 'text',
  owner,
  reseal: (sealer, id, stored) => field.seal(sealer, id, field.open(sealer, id, String(stored))),
});

const answer: Column = {
  name: 'answer',
  type: 'jsonb',
  owner: `owner_id || ' ' || key`,
  reseal: (sealer, id, stored) => {
    const kept = (stored as { sealed?: unknown })?.sealed;
    const plain = typeof kept === 'string' ? keptAnswer.open(sealer, id, kept) : JSON.stringify(stored);
    return toJson({ sealed: keptAnswer.seal(sealer, id, plain) });
  },
};

const TABLES: readonly Table[] = [
  { name: 'apps', id: 'id', columns: [environment('id')] },
  {
    name: 'releases',
    id: 'id',
    columns: [environment('app_id'), text('configuration_digest', 'app_id', configurationDigest)],
  },
  { name: 'certificates', id: 'id', columns: [text('key_pem', 'fingerprint', certificateKey)] },
  { name: 'users', id: 'id', columns: [text('totp_secret', 'id', totpSecret)] },
  { name: 'webhooks', id: 'id', columns: [text('url', 'id', webhookUrl), text('secret', 'id', webhookSecret)] },
  { name: 'idempotency_keys', id: `owner_id || ' ' || key`, columns: [answer] },
];

/** Id of the key that the database's secrets are sealed under; null when none is yet. */
export async function secretsSealedUnder(pool: pg.Pool): Promise<string | null> {
  const check = await storedCheck(pool);
  return check === null ? null : sealedUnder(check);
}

/** Throws `secret_key_wrong` when what is there needs another key. Costs one query when all is sealed already. */
export async function sealStored(pool: pg.Pool, sealer: Sealer): Promise<void> {
  const check = await storedCheck(pool);
  try {
    if (check !== null && secretCheck.open(sealer, '', check) !== CHECK_TEXT) throw new Error('another text');
    if (check !== null && sealedUnder(check) === sealer.keyId) return;
    for (const table of TABLES) for (const column of table.columns) await sealColumn(pool, sealer, { table, column });
  } catch (cause) {
    if (!(cause instanceof TealError) || cause.code !== 'secret_unreadable') throw cause;
    throw new TealError('secret_key_wrong', { wanted: String(cause.facts.key), given: sealer.keyId }, { cause });
  }
  await pool.query(
    'insert into secret_check (sealed) values ($1) on conflict (only_row) do update set sealed = excluded.sealed',
    [secretCheck.seal(sealer, '', CHECK_TEXT)],
  );
}

async function storedCheck(pool: pg.Pool): Promise<string | null> {
  const row = await one<{ sealed: string }>(pool, 'select sealed from secret_check');
  return row?.sealed ?? null;
}

async function sealColumn(pool: pg.Pool, sealer: Sealer, { table, column }: { table: Table; column: Column }) {
  const { id } = table;
  for (let after: string | null = ''; after !== null; ) {
    const from: string = after;
    after = await transaction(pool, async (client) => {
      const { rows } = await client.query<{ id: string; owner: string; value: unknown }>(
        `select ${id} as id, ${column.owner} as owner, ${column.name} as value from ${table.name}
         where ${id} > $1 and ${column.name} is not null order by ${id} limit ${BATCH_ROWS} for update`,
        [from],
      );
      const sealed = rows.map((row) => column.reseal(sealer, row.owner, row.value));
      await client.query(
        `update ${table.name} set ${column.name} = v.sealed::${column.type}
         from unnest($1::text[], $2::text[]) as v(row_id, sealed) where ${id} = v.row_id`,
        [rows.map((row) => row.id), sealed],
      );
      return rows.at(-1)?.id ?? null;
    });
  }
}
