/** Organisations, their members and invitations. An organisation never loses its last admin. */
import { isAtLeast, type Role, TealError } from '@teal/core';
import type pg from 'pg';
import { one, type Query, transaction } from './database.ts';
import { insertPerson, type NewPerson, type Person, toPerson } from './people.ts';
import type { OwnedOrganisation } from './reach.ts';
import type { Row } from './rows.ts';
import type { Sealer } from './secrets/sealer.ts';
import { toText } from './text.ts';

export interface Member {
  userId: string;
  name: string;
  email: string | null;
  role: Role;
  since: Date;
}

export interface Invitation {
  id: string;
  organisationId: string;
  organisationName: string;
  email: string;
  role: Role;
  createdAt: Date;
  expiresAt: Date;
}

export interface NewInvitation {
  id: string;
  email: string;
  role: Role;
  hash: Buffer;
  invitedBy: string | null;
  expiresAt: Date;
}

/** Who changes members: nobody touches a role above their own. */
export interface Changer {
  role: Role;
}

export interface Organisations {
  create(organisation: { id: string; name: string; adminId: string }): Promise<void>;
  rename(organisation: OwnedOrganisation, name: string): Promise<void>;
  /** Throws `organisation_not_empty`. */
  remove(organisation: OwnedOrganisation): Promise<void>;
  members(organisation: OwnedOrganisation): Promise<Member[]>;
  /** The member as they were. Throws `member_not_found`, `role_too_high`, `last_admin`. */
  changeRole(organisation: OwnedOrganisation, change: { userId: string; role: Role; by: Changer }): Promise<Member>;
  /** The member as they were; with `by` null it is the member who leaves. Throws as `changeRole`. */
  removeMember(organisation: OwnedOrganisation, change: { userId: string; by: Changer | null }): Promise<Member>;
  invitations(organisation: OwnedOrganisation): Promise<Invitation[]>;
  /** Takes the place of an earlier one to the same address. Throws `member_exists`. */
  invite(organisation: OwnedOrganisation, invitation: NewInvitation): Promise<Invitation>;
  withdraw(organisation: OwnedOrganisation, id: string): Promise<Invitation | null>;
  /** Null: unknown, used or too old. */
  invitation(hash: Buffer): Promise<(Invitation & { hasAccount: boolean }) | null>;
  /**
   * Uses the invitation up, for the person of `userId` or for a new one, whose address is the invitation's. Throws
   * `invitation_invalid`, also for another address; `invitation_sign_in` when the new one exists already.
   */
  accept(
    hash: Buffer,
    who: { userId: string } | Omit<NewPerson, 'email'>,
  ): Promise<{ invitation: Invitation; person: Person }>;
}

const INVITATION = `i.*, (select o.name from organisations o where o.id = i.organisation_id) as organisation_name`;

function toMember(row: Row): Member {
  return { userId: row.user_id, name: row.name, email: row.email, role: row.role, since: row.created_at };
}

function toInvitation(row: Row): Invitation {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    organisationName: row.organisation_name,
    email: row.email,
    role: row.role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

const MEMBERS = `select m.user_id, m.role, m.created_at, u.name, u.email from memberships m join users u on u.id = m.user_id
  where m.organisation_id = $1`;

/** Changes of members come one after the other: the lock is what makes "the last admin" a fact. */
async function lockedMember(query: Query, organisationId: string, userId: string): Promise<Member> {
  await query.query('select 1 from organisations where id = $1 for update', [organisationId]);
  const row = await one<Row>(query, `${MEMBERS} and m.user_id = $2`, [organisationId, toText(userId)]);
  if (row === null) throw new TealError('member_not_found');
  return toMember(row);
}

async function refuseLastAdmin(query: Query, organisationId: string): Promise<void> {
  const row = await one(query, `select 1 from memberships where organisation_id = $1 and role = 'admin'`, [
    organisationId,
  ]);
  if (row === null) throw new TealError('last_admin');
}

function refuseAbove(by: Changer, ...roles: Role[]): void {
  if (!roles.every((role) => isAtLeast(by.role, role))) throw new TealError('role_too_high', { role: by.role });
}

export function createOrganisations(pool: pg.Pool, sealer: Sealer): Organisations {
  return {
    create: ({ id, name, adminId }) =>
      transaction(pool, async (client) => {
        await client.query('insert into organisations (id, name) values ($1, $2)', [id, toText(name)]);
        await client.query(`insert into memberships (organisation_id, user_id, role) values ($1, $2, 'admin')`, [
          id,
          adminId,
        ]);
      }),
    async rename({ id }, name) {
      await pool.query('update organisations set name = $2 where id = $1', [id, toText(name)]);
    },
    async remove({ id }) {
      const gone = await pool.query(
        `delete from organisations o where id = $1 and not exists (select 1 from apps a where a.organisation_id = o.id)
           and id <> (select id from organisations order by created_at, id limit 1)`,
        [id],
      );
      if (gone.rowCount !== 1) throw new TealError('organisation_not_empty');
    },
    async members({ id }) {
      const { rows } = await pool.query<Row>(`${MEMBERS} order by m.created_at, m.user_id`, [id]);
      return rows.map(toMember);
    },
    changeRole: ({ id }, { userId, role, by }) =>
      transaction(pool, async (client) => {
        const member = await lockedMember(client, id, userId);
        refuseAbove(by, member.role, role);
        await client.query('update memberships set role = $3 where organisation_id = $1 and user_id = $2', [
          id,
          member.userId,
          role,
        ]);
        await refuseLastAdmin(client, id);
        return member;
      }),
    removeMember: ({ id }, { userId, by }) =>
      transaction(pool, async (client) => {
        const member = await lockedMember(client, id, userId);
        if (by !== null) refuseAbove(by, member.role);
        await client.query('delete from memberships where organisation_id = $1 and user_id = $2', [id, member.userId]);
        await refuseLastAdmin(client, id);
        return member;
      }),
    ...invitations(pool, sealer),
  };
}

type Invitations = Pick<Organisations, 'invitations' | 'invite' | 'withdraw' | 'invitation' | 'accept'>;

function invitations(pool: pg.Pool, sealer: Sealer): Invitations {
  return {
    async invitations({ id }) {
      const { rows } = await pool.query<Row>(
        `select ${INVITATION} from invitations i where organisation_id = $1 and expires_at > now() order by created_at`,
        [id],
      );
      return rows.map(toInvitation);
    },
    async invite(organisation, { id, email, role, hash, invitedBy, expiresAt }) {
      const address = email.toLowerCase();
      const member = await one(pool, `${MEMBERS} and u.email = $2`, [organisation.id, address]);
      if (member !== null) throw new TealError('member_exists', { email: address });
      const row = await one<Row>(
        pool,
        `with i as (insert into invitations (id, organisation_id, email, role, hash, invited_by, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict (organisation_id, email) do update
           set id = excluded.id, role = excluded.role, hash = excluded.hash, invited_by = excluded.invited_by,
             created_at = clock_timestamp(), expires_at = excluded.expires_at returning *) select ${INVITATION} from i`,
        [id, organisation.id, address, role, hash, invitedBy, expiresAt],
      );
      return toInvitation(row as Row);
    },
    async withdraw(organisation, id) {
      const row = await one<Row>(
        pool,
        `with i as (delete from invitations where organisation_id = $1 and id = $2 returning *)
         select ${INVITATION} from i`,
        [organisation.id, toText(id)],
      );
      return row === null ? null : toInvitation(row);
    },
    async invitation(hash) {
      const row = await one<Row>(
        pool,
        `select ${INVITATION}, exists (select 1 from users u where u.email = i.email) as has_account
         from invitations i where hash = $1 and expires_at > now()`,
        [hash],
      );
      return row === null ? null : { ...toInvitation(row), hasAccount: row.has_account };
    },
    accept: (hash, who) =>
      transaction(pool, async (client) => {
        const used = await one<Row>(
          client,
          `with i as (delete from invitations where hash = $1 and expires_at > now() returning *)
           select ${INVITATION} from i`,
          [hash],
        );
        if (used === null) throw new TealError('invitation_invalid');
        const invitation = toInvitation(used);
        const person = await invited(client, sealer, { invitation, who });
        await client.query(
          `insert into memberships (organisation_id, user_id, role) values ($1, $2, $3) on conflict do nothing`,
          [invitation.organisationId, person.id, invitation.role],
        );
        return { invitation, person };
      }),
  };
}

async function invited(
  query: Query,
  sealer: Sealer,
  { invitation, who }: { invitation: Invitation; who: { userId: string } | Omit<NewPerson, 'email'> },
): Promise<Person> {
  if (!('userId' in who)) return insertPerson(query, sealer, { ...who, email: invitation.email });
  const row = await one<Row>(query, 'select * from users where id = $1 and email = $2', [who.userId, invitation.email]);
  if (row === null) throw new TealError('invitation_invalid');
  return toPerson(sealer, row);
}
