/** API tokens of people and of organisations: hashes with what they are good for. */
import type { TokenScope } from '@teal/core';
import type pg from 'pg';
import { one, type Query } from './database.ts';
import type { Row } from './rows.ts';
import { toText } from './text.ts';

export type TokenOwner = { userId: string } | { organisationId: string };

export interface Token {
  id: string;
  name: string;
  prefix: string;
  scope: TokenScope;
  /** The one app it is good for; null: all. */
  app: { id: string; name: string } | null;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

export interface NewToken {
  id: string;
  name: string;
  /** First characters, shown to tell tokens apart. */
  prefix: string;
  /** SHA-256 of the secret. */
  hash: Buffer;
  /** `full` without. */
  scope?: TokenScope;
  /** The one app it is to be good for. */
  appId?: string | null;
  /** Never without. */
  expiresAt?: Date | null;
}

export interface Tokens {
  /** Expired ones too. */
  list(owner: TokenOwner): Promise<Token[]>;
  create(token: NewToken & { owner: TokenOwner; createdBy: string | null }): Promise<Token>;
  /** The one that is gone now, with the sessions it had opened; null when the owner has none of this id. */
  revoke(owner: TokenOwner, id: string): Promise<Token | null>;
}

const COLUMNS = `t.*, (select jsonb_build_object('id', a.id, 'name', a.name) from apps a where a.id = t.app_id) as app`;

function toToken(row: Row): Token {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scope: row.scope,
    app: row.app,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}

const columnOf = (owner: TokenOwner) => ('userId' in owner ? 'user_id' : 'organisation_id');
const idOf = (owner: TokenOwner) => ('userId' in owner ? owner.userId : owner.organisationId);

export async function insertToken(
  query: Query,
  token: NewToken & { owner: TokenOwner; createdBy?: string | null },
): Promise<Token> {
  const { id, owner, name, prefix, hash, scope = 'full', appId = null, expiresAt = null, createdBy = null } = token;
  const row = await one<Row>(
    query,
    `with t as (insert into tokens (id, ${columnOf(owner)}, name, prefix, hash, scope, app_id, expires_at, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning *) select ${COLUMNS} from t`,
    [id, idOf(owner), toText(name), prefix, hash, scope, appId, expiresAt, createdBy],
  );
  return toToken(row as Row);
}

export function createTokens(pool: pg.Pool): Tokens {
  return {
    async list(owner) {
      const { rows } = await pool.query<Row>(
        `select ${COLUMNS} from tokens t where t.${columnOf(owner)} = $1 order by t.created_at, t.id`,
        [idOf(owner)],
      );
      return rows.map(toToken);
    },
    create: (token) => insertToken(pool, token),
    async revoke(owner, id) {
      const row = await one<Row>(
        pool,
        `with t as (delete from tokens where ${columnOf(owner)} = $1 and id = $2 returning *) select ${COLUMNS} from t`,
        [idOf(owner), toText(id)],
      );
      return row === null ? null : toToken(row);
    },
  };
}
