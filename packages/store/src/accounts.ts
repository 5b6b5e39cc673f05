/** The platform's identity, and who a token or session stands for. Keeps hashes, never secrets; judges no permission. */
import { timingSafeEqual } from 'node:crypto';
import { ORGANISATION_TOKEN_ROLE, type Role, type TokenScope } from '@teal/core';
import type pg from 'pg';
import { one, transaction } from './database.ts';
import { toText } from './text.ts';
import { insertToken, type NewToken } from './tokens.ts';

export interface Membership {
  organisationId: string;
  organisationName: string;
  role: Role;
}

/** Who asks: a person, or an organisation's token. */
export interface Principal {
  /** The person's id, or that of the organisation's token. */
  id: string;
  /** Null for an organisation's token. */
  userId: string | null;
  userName: string;
  email: string | null;
  platformAdmin: boolean;
  /** The oldest first. */
  memberships: readonly Membership[];
  /** The token used; null for a session signed in by password. */
  token: { id: string; name: string; scope: TokenScope; appId: string | null } | null;
}

export interface FirstAdmin {
  platformId: string;
  organisationId: string;
  userId: string;
  email: string | null;
  token: NewToken;
}

export interface NewSession {
  hash: Buffer;
  userId: string;
  /** The token it was signed in with; it ends with it. Null: signed in by password. */
  tokenId: string | null;
  expiresAt: Date;
}

export interface Accounts {
  /** Makes platform, organisation and admin on the first run. False when they exist already. */
  initialise(first: FirstAdmin): Promise<boolean>;
  platformId(): Promise<string>;
  /** The organisation of the first run: it holds what is the platform's own. */
  firstOrganisationId(): Promise<string>;
  /** The first admin's address follows the configuration, unless somebody else has it. */
  setAdminEmail(email: string): Promise<void>;
  /** Null: unknown or expired. */
  byToken(hash: Buffer): Promise<Principal | null>;
  bySession(hash: Buffer): Promise<Principal | null>;
  byUser(userId: string): Promise<Principal | null>;
  createSession(session: NewSession): Promise<void>;
  endSession(hash: Buffer): Promise<void>;
}

interface PrincipalRow {
  hash: Buffer;
  user_id: string | null;
  user_name: string | null;
  email: string | null;
  platform_admin: boolean | null;
  memberships: Membership[] | null;
  token_id: string | null;
  token_name: string | null;
  scope: TokenScope | null;
  app_id: string | null;
  last_used_at: Date | null;
}

const PERSON = `u.id as user_id, u.name as user_name, u.email, u.platform_admin`;
const TOKEN = `t.id as token_id, t.name as token_name, t.scope, t.app_id, t.last_used_at`;
const NO_TOKEN = `null as token_id, null as token_name, null as scope, null as app_id, null as last_used_at`;
const MEMBERSHIP = `'organisationId', o.id, 'organisationName', o.name`;
const MEMBERSHIPS = `(select json_agg(json_build_object(${MEMBERSHIP}, 'role', m.role) order by m.created_at, o.id)
  from memberships m join organisations o on o.id = m.organisation_id where m.user_id = u.id)`;
const UNEXPIRED = '(t.expires_at is null or t.expires_at > now())';

const BY_TOKEN = `select t.hash, ${PERSON}, ${TOKEN}, coalesce(
    (select json_agg(json_build_object(${MEMBERSHIP}, 'role', '${ORGANISATION_TOKEN_ROLE}'))
     from organisations o where o.id = t.organisation_id), ${MEMBERSHIPS}) as memberships
  from tokens t left join users u on u.id = t.user_id where t.hash = $1 and ${UNEXPIRED}`;
const BY_SESSION = `select s.hash, ${PERSON}, ${TOKEN}, ${MEMBERSHIPS} as memberships
  from sessions s join users u on u.id = s.user_id left join tokens t on t.id = s.token_id
  where s.hash = $1 and s.expires_at > now() and (s.token_id is null or ${UNEXPIRED})`;
const BY_USER = `select ${PERSON}, ${NO_TOKEN}, ${MEMBERSHIPS} as memberships from users u where u.id = $1`;

function toPrincipal(row: PrincipalRow): Principal {
  const { token_id: id, token_name: name, scope } = row;
  return {
    id: row.user_id ?? id ?? '',
    userId: row.user_id,
    userName: row.user_name ?? `token ${name}`,
    email: row.email,
    platformAdmin: row.platform_admin ?? false,
    memberships: row.memberships ?? [],
    token: id === null || name === null || scope === null ? null : { id, name, scope, appId: row.app_id },
  };
}

function initialise(pool: pg.Pool, first: FirstAdmin): Promise<boolean> {
  const { platformId, organisationId, userId, email } = first;
  return transaction(pool, async (client) => {
    const made = await client.query('insert into platform (id) values ($1) on conflict do nothing', [platformId]);
    if (made.rowCount !== 1) return false;
    await client.query(`insert into organisations (id, name) values ($1, 'default')`, [organisationId]);
    await client.query(`insert into users (id, name, email, platform_admin) values ($1, 'admin', $2, true)`, [
      userId,
      email?.toLowerCase() ?? null,
    ]);
    await client.query(`insert into memberships (organisation_id, user_id, role) values ($1, $2, 'admin')`, [
      organisationId,
      userId,
    ]);
    await insertToken(client, { ...first.token, owner: { userId } });
    return true;
  });
}

export function createAccounts(pool: pg.Pool): Accounts {
  const bySecret = async (text: string, hash: Buffer) => {
    const row = await one<PrincipalRow>(pool, text, [hash]);
    return row === null || !timingSafeEqual(row.hash, hash) ? null : row;
  };
  const value = async (text: string, trouble: string) => {
    const row = await one<{ id: string }>(pool, text);
    if (row === null) throw new Error(trouble);
    return row.id;
  };
  return {
    initialise: (first) => initialise(pool, first),
    platformId: () => value('select id from platform', 'the platform has no id yet: initialise() comes first'),
    firstOrganisationId: () =>
      value('select id from organisations order by created_at, id limit 1', 'there is no organisation yet'),
    async setAdminEmail(email) {
      await pool.query(
        `update users set email = $1 where id = (select id from users where platform_admin order by created_at, id limit 1)
         and not exists (select 1 from users where email = $1)`,
        [email.toLowerCase()],
      );
    },
    async byToken(hash) {
      const row = await bySecret(BY_TOKEN, hash);
      if (row === null) return null;
      // Once a minute is enough to tell which tokens are in use.
      if (row.last_used_at === null || Date.now() - row.last_used_at.getTime() > 60_000) {
        await pool.query('update tokens set last_used_at = now() where id = $1', [row.token_id]);
      }
      return toPrincipal(row);
    },
    async bySession(hash) {
      const row = await bySecret(BY_SESSION, hash);
      return row === null ? null : toPrincipal(row);
    },
    async byUser(userId) {
      const row = await one<PrincipalRow>(pool, BY_USER, [toText(userId)]);
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
  };
}
