/** Which mails about deployments an organisation's members get. */
import { notificationsSchema, organisationMailsSchema, ownMailsSchema } from '@teal/contracts';
import type { FastifyRequest } from 'fastify';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import type { Api, RouteDeps } from './deps.ts';
import { organisationOf, organisationParams } from './organisations.ts';

export function notificationRoutes(api: Api, { store }: RouteDeps): void {
  const path = '/organisations/:organisation/notifications';
  const answer = { params: organisationParams, response: { 200: notificationsSchema } };
  const read = (request: FastifyRequest) => store.mailWishes.read(organisationOf(request), request.principal.userId);

  api.get(path, { config: needs('organisation.read'), schema: answer }, read);

  const changeRoute = {
    config: needs('organisation.notifications', 'organisation.notifications-changed'),
    schema: { ...answer, body: organisationMailsSchema },
  };
  api.put(path, changeRoute, async (request) => {
    const before = await read(request);
    await store.mailWishes.setOrganisation(organisationOf(request), request.body);
    note(request, { facts: { mails: { before: before.organisation, after: request.body } } });
    return { ...before, organisation: request.body };
  });

  const ownRoute = { config: needs('organisation.mails', null), schema: { ...answer, body: ownMailsSchema } };
  api.put(`${path}/own`, ownRoute, async (request) => {
    await store.mailWishes.setOwn(organisationOf(request), request.principal.id, request.body);
    return read(request);
  });
}
