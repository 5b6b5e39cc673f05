/** Invitations: sent by mail, bound to the address, good once. */
import {
  acceptInvitationSchema,
  invitationFoundSchema,
  invitationListSchema,
  invitationSchema,
  inviteSchema,
  lookUpInvitationSchema,
  meSchema,
} from '@teal/contracts';
import { isAtLeast, TealError } from '@teal/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mayDo, needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { findPrincipal, refuseForeignOrigin, SESSION_COOKIE } from '../http/authenticate.ts';
import { newId } from '../ids.ts';
import { hashSecret, makeSecret } from '../secrets.ts';
import { invitationView, meView } from '../views/account.ts';
import type { Api, RouteDeps } from './deps.ts';
import { organisationOf, organisationParams } from './organisations.ts';
import { openSession } from './session.ts';

const INVITATION_DAYS = 7;
const rateLimit = { max: 30, timeWindow: 60_000 };

export function invitationRoutes(api: Api, deps: RouteDeps): void {
  const { store, letters, places } = deps;
  const path = '/organisations/:organisation/invitations';
  const listRoute = {
    config: needs('organisation.members'),
    schema: { params: organisationParams, response: { 200: invitationListSchema } },
  };
  api.get(path, listRoute, async (request) => ({
    invitations: (await store.organisations.invitations(organisationOf(request))).map(invitationView),
  }));

  const inviteRoute = {
    config: needs('organisation.members', 'organisation.member-invited'),
    schema: { params: organisationParams, body: inviteSchema, response: { 201: invitationSchema } },
  };
  api.post(path, inviteRoute, async (request, reply) => {
    const organisation = organisationOf(request);
    const { email, role } = request.body;
    if (!isAtLeast(organisation.role, role)) throw new TealError('role_too_high', { role: organisation.role });
    const secret = makeSecret();
    const invitation = await store.organisations.invite(organisation, {
      id: newId('invitation'),
      email,
      role,
      hash: hashSecret(secret),
      invitedBy: request.principal.id,
      expiresAt: new Date(Date.now() + INVITATION_DAYS * 86_400_000),
    });
    letters.post({
      kind: 'invitation',
      to: email,
      organisation: organisation.name,
      role,
      by: request.principal.userName,
      // Behind the #, where no server and no log sees it.
      link: `${places.consoleUrl()}/invitation#${secret}`,
      days: INVITATION_DAYS,
    });
    note(request, { facts: { invitation: invitation.id, email, role } });
    return reply.status(201).send(invitationView(invitation));
  });

  const withdrawRoute = {
    config: needs('organisation.members', 'organisation.invitation-withdrawn'),
    schema: { params: organisationParams.extend({ invitation: z.string() }), response: { 204: z.null() } },
  };
  api.delete(`${path}/:invitation`, withdrawRoute, async (request, reply) => {
    const gone = await store.organisations.withdraw(organisationOf(request), request.params.invitation);
    if (gone === null) throw new TealError('not_found', { what: 'invitation of this id' });
    note(request, { facts: { invitation: gone.id, email: gone.email } });
    return reply.status(204).send(null);
  });

  acceptRoutes(api, deps);
}

function acceptRoutes(api: Api, deps: RouteDeps): void {
  const { store, passwords } = deps;
  const lookUpRoute = {
    config: { ...needs('public', null), rateLimit },
    schema: { body: lookUpInvitationSchema, response: { 200: invitationFoundSchema } },
  };
  api.post('/invitations/look-up', lookUpRoute, async (request) => {
    const invitation = await store.organisations.invitation(hashSecret(request.body.secret));
    if (invitation === null) throw new TealError('invitation_invalid');
    return { ...invitationView(invitation), hasAccount: invitation.hasAccount };
  });

  const acceptRoute = {
    config: { ...needs('public', 'organisation.member-joined'), rateLimit },
    schema: { body: acceptInvitationSchema, response: { 200: meSchema } },
  };
  api.post('/invitations/accept', acceptRoute, async (request, reply) => {
    const { secret, name, password } = request.body;
    const hash = hashSecret(secret);
    const here = await signedIn(deps, request);
    const who = here === null ? await newcomer(hash, { name, password }) : { userId: here };
    const { invitation, person } = await store.organisations.accept(hash, who);
    if (here === null) await openSession(deps, { request, reply }, { userId: person.id, tokenId: null });
    const { organisationId, role } = invitation;
    note(request, { organisationId, actor: person, facts: { role, email: person.email } });
    const principal = await store.accounts.byUser(person.id);
    if (principal === null) throw new TealError('invitation_invalid');
    return meView(principal, deps, person);
  });

  async function newcomer(hash: Buffer, { name, password }: { name?: string; password?: string }) {
    const invitation = await store.organisations.invitation(hash);
    if (invitation === null) throw new TealError('invitation_invalid');
    if (invitation.hasAccount) throw new TealError('invitation_sign_in');
    if (name === undefined || password === undefined)
      throw new TealError('request_invalid', { detail: 'a new account needs a name and a password' });
    return { id: newId('user'), name, passwordHash: await passwords.hash(password) };
  }
}

/** The person who asks; null where no credentials came along. */
async function signedIn({ store }: RouteDeps, request: FastifyRequest): Promise<string | null> {
  refuseForeignOrigin(request);
  if (request.headers.authorization === undefined && request.cookies[SESSION_COOKIE] === undefined) return null;
  const principal = await findPrincipal(store.accounts, request);
  if (!mayDo('self.manage', principal, null)) throw new TealError('forbidden', { permission: 'join an organisation' });
  return principal.id;
}
