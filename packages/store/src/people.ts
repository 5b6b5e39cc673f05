/** People's passwords, second factors and resets, as hashes and secrets that others made. Checks nothing but what is unused. */
import { TealError } from '@teal/core';
import type pg from 'pg';
import { isUniqueViolation, one, type Query, transaction } from './database.ts';
import type { Row } from './rows.ts';
import { totpSecret } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';
import { toText } from './text.ts';

export interface Person {
  id: string;
  name: string;
  email: string | null;
  /** argon2id in its text form; null: none yet. */
  passwordHash: string | null;
  /** Base32. Its codes count since `totpSince`; before, they only confirm it. */
  totpSecret: string | null;
  totpSince: Date | null;
}

export interface NewPerson {
  id: string;
  name: string;
  email: string;
  passwordHash: string;
}

export interface People {
  get(userId: string): Promise<Person | null>;
  byEmail(email: string): Promise<Person | null>;
  /** Whether anybody has a password. */
  havePasswords(): Promise<boolean>;
  /** Ends every session and reset. */
  setPassword(userId: string, passwordHash: string): Promise<void>;
  /** Takes the place of an earlier reset. */
  createReset(reset: { hash: Buffer; userId: string; expiresAt: Date }): Promise<void>;
  /** Uses the reset up: the password is set and every session ended. Null: unknown, used or too old. */
  useReset(hash: Buffer, passwordHash: string): Promise<Person | null>;
  /** Not in force before `startTotp`. */
  offerTotp(userId: string, secret: string): Promise<void>;
  /** In force from now on. */
  startTotp(userId: string, start: { step: number; recoveryHashes: readonly Buffer[] }): Promise<void>;
  endTotp(userId: string): Promise<void>;
  /** False when a code of this time step or a later one was taken before. */
  takeStep(userId: string, step: number): Promise<boolean>;
  /** Uses it up; false when there is none. */
  takeRecoveryCode(userId: string, hash: Buffer): Promise<boolean>;
}

export function toPerson(sealer: Sealer, row: Row): Person {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    passwordHash: row.password_hash,
    totpSecret: row.totp_secret === null ? null : totpSecret.open(sealer, row.id, row.totp_secret),
    totpSince: row.totp_since,
  };
}

export async function insertPerson(query: Query, sealer: Sealer, person: NewPerson): Promise<Person> {
  const { id, name, email, passwordHash } = person;
  try {
    const row = await one<Row>(
      query,
      'insert into users (id, name, email, password_hash) values ($1, $2, $3, $4) returning *',
      [id, toText(name), email.toLowerCase(), passwordHash],
    );
    return toPerson(sealer, row as Row);
  } catch (error) {
    if (isUniqueViolation(error)) throw new TealError('invitation_sign_in', {}, { cause: error });
    throw error;
  }
}

async function setPassword(query: Query, userId: string, passwordHash: string): Promise<Row> {
  const row = await one<Row>(query, 'update users set password_hash = $2 where id = $1 returning *', [
    userId,
    passwordHash,
  ]);
  await query.query('delete from sessions where user_id = $1', [userId]);
  await query.query('delete from password_resets where user_id = $1', [userId]);
  return row as Row;
}

export function createPeople(pool: pg.Pool, sealer: Sealer): People {
  const find = async (column: 'id' | 'email', value: string) => {
    const row = await one<Row>(pool, `select * from users where ${column} = $1`, [toText(value)]);
    return row === null ? null : toPerson(sealer, row);
  };
  return {
    get: (userId) => find('id', userId),
    byEmail: (email) => find('email', email.toLowerCase()),
    async havePasswords() {
      const row = await one<{ found: boolean }>(
        pool,
        'select exists (select from users where password_hash is not null) as found',
        [],
      );
      return row?.found ?? false;
    },
    async setPassword(userId, passwordHash) {
      await transaction(pool, (client) => setPassword(client, userId, passwordHash));
    },
    createReset: ({ hash, userId, expiresAt }) =>
      transaction(pool, async (client) => {
        await client.query('delete from password_resets where user_id = $1 or expires_at < now()', [userId]);
        await client.query('insert into password_resets (hash, user_id, expires_at) values ($1, $2, $3)', [
          hash,
          userId,
          expiresAt,
        ]);
      }),
    useReset: (hash, passwordHash) =>
      transaction(pool, async (client) => {
        const used = await one<{ user_id: string }>(
          client,
          'delete from password_resets where hash = $1 and expires_at > now() returning user_id',
          [hash],
        );
        return used === null ? null : toPerson(sealer, await setPassword(client, used.user_id, passwordHash));
      }),
    ...secondFactor(pool, sealer),
  };
}

function secondFactor(
  pool: pg.Pool,
  sealer: Sealer,
): Pick<People, 'offerTotp' | 'startTotp' | 'endTotp' | 'takeStep' | 'takeRecoveryCode'> {
  return {
    async offerTotp(userId, secret) {
      await pool.query(
        'update users set totp_secret = $2, totp_last_step = null where id = $1 and totp_since is null',
        [userId, totpSecret.seal(sealer, userId, secret)],
      );
    },
    startTotp: (userId, { step, recoveryHashes }) =>
      transaction(pool, async (client) => {
        await client.query('update users set totp_since = now(), totp_last_step = $2 where id = $1', [userId, step]);
        await client.query('delete from recovery_codes where user_id = $1', [userId]);
        await client.query('insert into recovery_codes (user_id, hash) select $1, unnest($2::bytea[])', [
          userId,
          recoveryHashes,
        ]);
      }),
    endTotp: (userId) =>
      transaction(pool, async (client) => {
        await client.query(
          'update users set totp_secret = null, totp_since = null, totp_last_step = null where id = $1',
          [userId],
        );
        await client.query('delete from recovery_codes where user_id = $1', [userId]);
      }),
    async takeStep(userId, step) {
      const taken = await pool.query(
        'update users set totp_last_step = $2 where id = $1 and (totp_last_step is null or totp_last_step < $2)',
        [userId, step],
      );
      return taken.rowCount === 1;
    },
    async takeRecoveryCode(userId, hash) {
      const taken = await pool.query('delete from recovery_codes where user_id = $1 and hash = $2', [userId, hash]);
      return taken.rowCount === 1;
    },
  };
}
