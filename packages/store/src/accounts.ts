/** Who may use the platform: its identity, users, tokens, sessions. Keeps hashes, never secrets. */
import type pg from 'pg';
import { one, transaction } from './database.ts';
import type { Row } from './rows.ts';
import { toText } from './text.ts';

export interface Principal {
  userId: string;
  userName: string;
  email: string | null;
  organisationId: string;
  organisationName: string;
}

export interface Token {
  id: string;
  name: string;
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface FirstAdmin {
  platformId: string;
  organisationId: string;
  userId: string;
  email: string | null;
  token: NewToken;
}

export interface NewToken {
  id: string;
  name: string;
  /** First characters, shown to tell tokens apart. */
  prefix: string;
  /** SHA-256 of the secret. */
  hash: Buffer;
}

export interface Accounts {
  /** Makes platform, organisation and admin on the first run. False when they exist already. */
  initialise(first: FirstAdmin): Promise<boolean>;
  platformId(): Promise<string>;
  /** The admin's address follows the configuration. */
  setAdminEmail(email: string): Promise<void>;
  byToken(hash: Buffer): Promise<{ principal: Principal; tokenId: string } | null>;
  bySession(hash: Buffer): Promise<Principal | null>;
  createSession(session: { hash: Buffer; userId: string; tokenId: string; expiresAt: Date }): Promise<void>;
  endSession(hash: Buffer): Promise<void>;
  listTokens(userId: string): Promise<Token[]>;
  createToken(userId: string, token: NewToken): Promise<Token>;
  /** False when there is none of this user. */
  revokeToken(userId: string, id: string): Promise<boolean>;
}

const PRINCIPAL = `u.id as user_id, u.name as user_name, u.email, o.id as organisation_id, o.name as organisation_name
  from users u join organisations o on o.id = u.organisation_id`;

function toPrincipal(row: Row): Principal {
  return {
    userId: row.user_id,
    userName: row.user_name,
    email: row.email,
    organisationId: row.organisation_id,
    organisationName: row.organisation_name,
  };
}

function toToken(row: Row): Token {
  return { id: row.id, name: row.name, prefix: row.prefix, createdAt: row.created_at, lastUsedAt: row.last_used_at };
}

const INSERT_TOKEN = `insert into tokens (id, user_id, name, prefix, hash) values ($1, $2, $3, $4, $5) returning *`;

function initialise(pool: pg.Pool, first: FirstAdmin): Promise<boolean> {
  return transaction(pool, async (client) => {
    const made = await client.query('insert into platform (id) values ($1) on conflict do nothing', [first.platformId]);
    if (made.rowCount !== 1) return false;
    await client.query(`insert into organisations (id, name) values ($1, 'default')`, [first.organisationId]);
    await client.query(`insert into users (id, organisation_id, name, email) values ($1, $2, 'admin', $3)`, [
      first.userId,
      first.organisationId,
      first.email,
    ]);
    const { id, name, prefix, hash } = first.token;
    await client.query(INSERT_TOKEN, [id, first.userId, name, prefix, hash]);
    return true;
  });
}

export function createAccounts(pool: pg.Pool): Accounts {
  return {
    initialise: (first) => initialise(pool, first),
    async platformId() {
      const row = await one<{ id: string }>(pool, 'select id from platform');
      if (row === null) throw new Error('the platform has no id yet: initialise() comes first');
      return row.id;
    },
    async setAdminEmail(email) {
      await pool.query(`update users set email = $1 where name = 'admin'`, [email]);
    },
    async byToken(hash) {
      const row = await one<Row>(
        pool,
        `select t.id as token_id, t.last_used_at, ${PRINCIPAL} join tokens t on t.user_id = u.id where t.hash = $1`,
        [hash],
      );
      if (row === null) return null;
      // Once a minute is enough to tell which tokens are in use.
      if (row.last_used_at === null || Date.now() - row.last_used_at.getTime() > 60_000) {
        await pool.query('update tokens set last_used_at = now() where id = $1', [row.token_id]);
      }
      return { principal: toPrincipal(row), tokenId: row.token_id };
    },
    async bySession(hash) {
      const row = await one<Row>(
        pool,
        `select ${PRINCIPAL} join sessions s on s.user_id = u.id where s.hash = $1 and s.expires_at > now()`,
        [hash],
      );
      return row === null ? null : toPrincipal(row);
    },
    async createSession({ hash, userId, tokenId, expiresAt }) {
      await pool.query('delete from sessions where expires_at < now()');
      await pool.query('insert into sessions (hash, user_id, token_id, expires_at) values ($1, $2, $3, $4)', [
        hash,
        userId,
        tokenId,
        expiresAt,
      ]);
    },
    async endSession(hash) {
      await pool.query('delete from sessions where hash = $1', [hash]);
    },
    async listTokens(userId) {
      const { rows } = await pool.query<Row>('select * from tokens where user_id = $1 order by created_at', [userId]);
      return rows.map(toToken);
    },
    async createToken(userId, { id, name, prefix, hash }) {
      return toToken((await one<Row>(pool, INSERT_TOKEN, [id, userId, name, prefix, hash])) as Row);
    },
    async revokeToken(userId, id) {
      const result = await pool.query('delete from tokens where user_id = $1 and id = $2', [userId, toText(id)]);
      return result.rowCount === 1;
    },
  };
}
