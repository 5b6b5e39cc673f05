/** Who wants which mails: what an organisation says, and what each member says instead. */
import type pg from 'pg';
import { one } from './database.ts';
import type { OwnedOrganisation } from './reach.ts';
import type { Row } from './rows.ts';

/** Mails about deployments that failed, and about those that went live. */
export interface MailWishes<T> {
  failures: T;
  successes: T;
}

export interface MailChoices {
  organisation: MailWishes<boolean>;
  /** Null where the member goes with the organisation; all of it null for who is no member. */
  own: MailWishes<boolean | null> | null;
}

export interface MailWishStore {
  read(organisation: OwnedOrganisation, userId: string | null): Promise<MailChoices>;
  /** Of those who have not chosen themselves. */
  setOrganisation(organisation: OwnedOrganisation, wishes: MailWishes<boolean>): Promise<void>;
  setOwn(organisation: OwnedOrganisation, userId: string, wishes: MailWishes<boolean | null>): Promise<void>;
}

const toWishes = (row: Row) => ({ failures: row.failure_mails, successes: row.success_mails });

export function createMailWishes(pool: pg.Pool): MailWishStore {
  return {
    async read({ id }, userId) {
      const organisation = await one<Row>(pool, 'select * from organisations where id = $1', [id]);
      const own = await one<Row>(pool, 'select * from memberships where organisation_id = $1 and user_id = $2', [
        id,
        userId,
      ]);
      return { organisation: toWishes(organisation as Row), own: own === null ? null : toWishes(own) };
    },
    async setOrganisation({ id }, { failures, successes }) {
      await pool.query('update organisations set failure_mails = $2, success_mails = $3 where id = $1', [
        id,
        failures,
        successes,
      ]);
    },
    async setOwn({ id }, userId, { failures, successes }) {
      await pool.query(
        'update memberships set failure_mails = $3, success_mails = $4 where organisation_id = $1 and user_id = $2',
        [id, userId, failures, successes],
      );
    },
  };
}
