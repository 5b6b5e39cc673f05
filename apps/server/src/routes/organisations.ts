/** Organisations and their members. */
import {
  changeMemberSchema,
  memberListSchema,
  memberSchema,
  nameOrganisationSchema,
  organisationListSchema,
  organisationSchema,
} from '@teal/contracts';
import { TealError } from '@teal/core';
import type { OwnedOrganisation } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { newId } from '../ids.ts';
import { memberView, organisationView } from '../views/account.ts';
import type { Api, RouteDeps } from './deps.ts';

export const organisationParams = z.object({ organisation: z.string() });
const memberParams = organisationParams.extend({ user: z.string() });

/** The organisation that the address names. */
export function organisationOf({ targetOrganisation }: FastifyRequest): OwnedOrganisation {
  if (targetOrganisation === null) throw new TealError('organisation_not_found', { id: '' });
  return targetOrganisation;
}

export function organisationRoutes(api: Api, deps: RouteDeps): void {
  const { store } = deps;
  const listRoute = { config: needs('self.read'), schema: { response: { 200: organisationListSchema } } };
  api.get('/organisations', listRoute, async ({ within }) => ({
    organisations: within.organisations.list().map(organisationView),
  }));

  const createRoute = {
    config: needs('self.manage', 'organisation.created'),
    schema: { body: nameOrganisationSchema, response: { 201: organisationSchema } },
  };
  api.post('/organisations', createRoute, async (request, reply) => {
    const organisation = { id: newId('orga'), name: request.body.name };
    await store.organisations.create({ ...organisation, adminId: request.principal.id });
    note(request, { organisationId: organisation.id, facts: { name: organisation.name } });
    return reply.status(201).send({ ...organisation, role: 'admin' as const });
  });

  const path = '/organisations/:organisation';
  const oneSchema = { params: organisationParams, response: { 200: organisationSchema } };
  api.get(path, { config: needs('organisation.read'), schema: oneSchema }, async (request) =>
    organisationView(organisationOf(request)),
  );

  const renameRoute = {
    config: needs('organisation.manage', 'organisation.changed'),
    schema: { ...oneSchema, body: nameOrganisationSchema },
  };
  api.patch(path, renameRoute, async (request) => {
    const organisation = organisationOf(request);
    const { name } = request.body;
    await store.organisations.rename(organisation, name);
    note(request, { facts: { name: { before: organisation.name, after: name } } });
    return { ...organisationView(organisation), name };
  });

  const deleteRoute = {
    config: needs('organisation.manage', 'organisation.deleted'),
    schema: { params: organisationParams, response: { 204: z.null() } },
  };
  api.delete(path, deleteRoute, async (request, reply) => {
    await store.organisations.remove(organisationOf(request));
    note(request, { facts: { name: organisationOf(request).name } });
    return reply.status(204).send(null);
  });

  memberRoutes(api, deps);
}

function memberRoutes(api: Api, { store }: RouteDeps): void {
  const path = '/organisations/:organisation/members';
  const listSchema = { params: organisationParams, response: { 200: memberListSchema } };
  api.get(path, { config: needs('organisation.read'), schema: listSchema }, async (request) => ({
    members: (await store.organisations.members(organisationOf(request))).map(memberView),
  }));

  const changeRoute = {
    config: needs('organisation.members', 'organisation.member-changed'),
    schema: { params: memberParams, body: changeMemberSchema, response: { 200: memberSchema } },
  };
  api.patch(`${path}/:user`, changeRoute, async (request) => {
    const organisation = organisationOf(request);
    const { role } = request.body;
    const change = { userId: request.params.user, role, by: organisation };
    const member = await store.organisations.changeRole(organisation, change);
    note(request, { facts: { member: member.name, email: member.email, role: { before: member.role, after: role } } });
    return { ...memberView(member), role };
  });

  const goneSchema = { response: { 204: z.null() } };
  const removeRoute = {
    config: needs('organisation.members', 'organisation.member-removed'),
    schema: { ...goneSchema, params: memberParams },
  };
  api.delete(`${path}/:user`, removeRoute, async (request, reply) => {
    const organisation = organisationOf(request);
    const change = { userId: request.params.user, by: organisation };
    const member = await store.organisations.removeMember(organisation, change);
    note(request, { facts: { member: member.name, email: member.email, role: member.role } });
    return reply.status(204).send(null);
  });

  const leaveRoute = {
    config: needs('organisation.leave', 'organisation.member-left'),
    schema: { ...goneSchema, params: organisationParams },
  };
  api.delete('/organisations/:organisation/membership', leaveRoute, async (request, reply) => {
    const who = { userId: request.principal.id, by: null };
    const { role } = await store.organisations.removeMember(organisationOf(request), who);
    note(request, { facts: { role } });
    return reply.status(204).send(null);
  });
}
