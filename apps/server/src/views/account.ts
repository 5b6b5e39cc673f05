/** Who one is, tokens, organisations and activity as the API shows them. */
import type { ActivityView, InvitationView, Me, MemberView, OrganisationView, TokenView } from '@teal/contracts';
import { type ActivityAction, PERMISSIONS, type Permission, type Role } from '@teal/core';
import type { Activity, Invitation, Member, OwnedOrganisation, Person, Principal, Token } from '@teal/store';
import { mayDo } from '../http/access.ts';

export function tokenView(token: Token): TokenView {
  return {
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    scope: token.scope,
    app: token.app,
    expiresAt: token.expiresAt?.toISOString() ?? null,
    createdAt: token.createdAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  };
}

function permissionsOf(principal: Principal, of: readonly string[], role: Role | null): string[] {
  const all = Object.keys(PERMISSIONS) as Permission[];
  return all.filter((name) => of.includes(PERMISSIONS[name].on) && mayDo(name, principal, role));
}

export function meView(principal: Principal, { platform }: { platform: Me['platform'] }, person: Person | null): Me {
  const organisations = principal.memberships.map(({ organisationId: id, organisationName: name, role }) => ({
    id,
    name,
    role,
  }));
  const [first] = organisations;
  return {
    user: { id: principal.id, name: principal.userName, email: principal.email },
    organisation: first === undefined ? null : { id: first.id, name: first.name },
    organisations,
    platformAdmin: principal.platformAdmin,
    permissions: {
      self: permissionsOf(principal, ['self', 'platform'], null),
      organisations: Object.fromEntries(
        organisations.map(({ id, role }) => [id, permissionsOf(principal, ['app', 'organisation'], role)]),
      ),
      app: principal.token?.appId ?? null,
    },
    hasPassword: person?.passwordHash != null,
    secondFactor: person?.totpSince != null,
    platform,
  };
}

export function organisationView({ id, name, role }: OwnedOrganisation): OrganisationView {
  return { id, name, role };
}

export function memberView({ since, ...member }: Member): MemberView {
  return { ...member, since: since.toISOString() };
}

export function invitationView(invitation: Invitation): InvitationView {
  const { id, organisationId, organisationName, email, role, createdAt, expiresAt } = invitation;
  return {
    id,
    organisation: { id: organisationId, name: organisationName },
    email,
    role,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}

export function activityView(entry: Activity): ActivityView {
  const { sequence, at, actorId, actorName, tokenName, address, organisationId, app, facts } = entry;
  return {
    sequence,
    at: at.toISOString(),
    action: entry.action as ActivityAction,
    actor: { id: actorId, name: actorName, token: tokenName },
    address,
    organisationId,
    app,
    facts: { ...facts },
  };
}
