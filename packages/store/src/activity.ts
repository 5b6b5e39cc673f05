/** Who did what: written once and never changed, which the table itself enforces. */
import type pg from 'pg';
import type { OwnedApp, OwnedOrganisation } from './reach.ts';
import type { Row } from './rows.ts';
import { toJson, toText } from './text.ts';

export interface NewActivity {
  organisationId: string | null;
  app: { id: string; name: string } | null;
  actorId: string | null;
  actorName: string;
  tokenName: string | null;
  /** Where it came from; null: from Teal itself. */
  address: string | null;
  /** Such as `app.created`. */
  action: string;
  /** What it was done to, before and after. Never a secret. */
  facts: Readonly<Record<string, unknown>>;
}

export interface Activity extends NewActivity {
  sequence: number;
  at: Date;
}

export interface ActivityPage {
  limit: number;
  /** Entries before this sequence; null: the newest. */
  before: number | null;
}

export interface Activities {
  add(entry: NewActivity): Promise<void>;
  /** Newest first, as the others. What its apps saw included. */
  ofOrganisation(organisation: OwnedOrganisation, page: ActivityPage): Promise<Activity[]>;
  ofApp(app: OwnedApp, page: ActivityPage): Promise<Activity[]>;
  /** What one person or token did. */
  ofActor(actorId: string, page: ActivityPage): Promise<Activity[]>;
}

function toActivity(row: Row): Activity {
  return {
    sequence: Number(row.sequence),
    at: row.at,
    organisationId: row.organisation_id,
    app: row.app_id === null ? null : { id: row.app_id, name: row.app_name },
    actorId: row.actor_id,
    actorName: row.actor_name,
    tokenName: row.token_name,
    address: row.address,
    action: row.action,
    facts: row.facts,
  };
}

export function createActivities(pool: pg.Pool): Activities {
  const read = async (column: string, value: string, { limit, before }: ActivityPage) => {
    const { rows } = await pool.query<Row>(
      `select * from activity where ${column} = $1 and ($2::bigint is null or sequence < $2)
       order by sequence desc limit $3`,
      [value, before, limit],
    );
    return rows.map(toActivity);
  };
  return {
    async add({ organisationId, app, actorId, actorName, tokenName, address, action, facts }) {
      await pool.query(
        `insert into activity (organisation_id, app_id, app_name, actor_id, actor_name, token_name, address, action, facts)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          organisationId,
          app?.id ?? null,
          app?.name ?? null,
          actorId,
          toText(actorName),
          tokenName === null ? null : toText(tokenName),
          address,
          action,
          toJson(facts),
        ],
      );
    },
    ofOrganisation: (organisation, page) => read('organisation_id', organisation.id, page),
    ofApp: (app, page) => read('app_id', app.id, page),
    ofActor: (actorId, page) => read('actor_id', actorId, page),
  };
}
