/** Public keys for git over SSH, of people and of apps. Proves and permits nothing. */
import { TealError } from '@teal/core';
import type pg from 'pg';
import { isUniqueViolation, one } from './database.ts';
import type { Row } from './rows.ts';
import { toText } from './text.ts';

export type KeyOwner = { userId: string } | { appId: string };

export interface SshKey {
  id: string;
  owner: KeyOwner;
  name: string;
  type: string;
  /** `SHA256:…`, as `ssh-keygen -l` shows it. */
  fingerprint: string;
  /** Of an app's key: may push. A person's key may what the person may. */
  canWrite: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export type NewSshKey = Omit<SshKey, 'createdAt' | 'lastUsedAt'>;

export interface SshKeys {
  /** The oldest first. */
  list(owner: KeyOwner): Promise<SshKey[]>;
  /** Throws `key_taken`, whoever has it. */
  add(key: NewSshKey): Promise<SshKey>;
  /** Null when the owner has none of this id. */
  remove(owner: KeyOwner, id: string): Promise<SshKey | null>;
  /** Whose it is; remembers that it was used. */
  byFingerprint(fingerprint: string): Promise<SshKey | null>;
}

const OWNER = 'coalesce(user_id, app_id) = $1';
const ownerId = (owner: KeyOwner) => ('userId' in owner ? owner.userId : owner.appId);

function toKey(row: Row): SshKey {
  return {
    id: row.id,
    owner: row.user_id === null ? { appId: row.app_id } : { userId: row.user_id },
    name: row.name,
    type: row.type,
    fingerprint: row.fingerprint,
    canWrite: row.can_write,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}

export function createKeys(pool: pg.Pool): SshKeys {
  return {
    async list(owner) {
      const { rows } = await pool.query<Row>(`select * from ssh_keys where ${OWNER} order by created_at, id`, [
        ownerId(owner),
      ]);
      return rows.map(toKey);
    },
    async add({ id, owner, name, type, fingerprint, canWrite }) {
      const userId = 'userId' in owner ? owner.userId : null;
      const appId = 'appId' in owner ? owner.appId : null;
      try {
        const row = await one<Row>(
          pool,
          `insert into ssh_keys (id, user_id, app_id, name, type, fingerprint, can_write)
           values ($1, $2, $3, $4, $5, $6, $7) returning *`,
          [id, userId, appId, toText(name), type, fingerprint, canWrite],
        );
        return toKey(row as Row);
      } catch (error) {
        if (isUniqueViolation(error)) throw new TealError('key_taken', { fingerprint }, { cause: error });
        throw error;
      }
    },
    async remove(owner, id) {
      const row = await one<Row>(pool, `delete from ssh_keys where ${OWNER} and id = $2 returning *`, [
        ownerId(owner),
        toText(id),
      ]);
      return row === null ? null : toKey(row);
    },
    async byFingerprint(fingerprint) {
      const row = await one<Row>(pool, 'select * from ssh_keys where fingerprint = $1', [fingerprint]);
      if (row === null) return null;
      // Once a minute is enough to tell which keys are in use.
      if (row.last_used_at === null || Date.now() - row.last_used_at.getTime() > 60_000) {
        await pool.query('update ssh_keys set last_used_at = now() where id = $1', [row.id]);
      }
      return toKey(row);
    },
  };
}
