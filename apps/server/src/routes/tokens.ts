/** API tokens, of people and of organisations: each secret is shown once. */
import { createTokenSchema, tokenCreatedSchema, tokenListSchema } from '@teal/contracts';
import { type ActivityAction, type Permission, TealError } from '@teal/core';
import type { TokenOwner } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { makeToken } from '../secrets.ts';
import { tokenView } from '../views/account.ts';
import type { Api, RouteDeps } from './deps.ts';

const DAY_MS = 86_400_000;

interface Kind {
  path: string;
  permission: Permission;
  created: ActivityAction;
  revoked: ActivityAction;
  ownerOf: (request: FastifyRequest) => TokenOwner;
}

const PERSONAL: Kind = {
  path: '/tokens',
  permission: 'self.manage',
  created: 'account.token-created',
  revoked: 'account.token-revoked',
  ownerOf: ({ principal }) => ({ userId: principal.id }),
};

const OF_ORGANISATION: Kind = {
  path: '/organisations/:organisation/tokens',
  permission: 'organisation.tokens',
  created: 'organisation.token-created',
  revoked: 'organisation.token-revoked',
  ownerOf({ targetOrganisation }) {
    if (targetOrganisation === null) throw new TealError('organisation_not_found', { id: '' });
    return { organisationId: targetOrganisation.id };
  },
};

export function tokenRoutes(api: Api, deps: RouteDeps): void {
  for (const kind of [PERSONAL, OF_ORGANISATION]) routesOf(api, deps, kind);
}

function routesOf(api: Api, { store }: RouteDeps, { path, permission, created, revoked, ownerOf }: Kind): void {
  const listRoute = { config: needs(permission), schema: { response: { 200: tokenListSchema } } };
  api.get(path, listRoute, async (request) => ({
    tokens: (await store.tokens.list(ownerOf(request))).map(tokenView),
  }));

  const createRoute = {
    config: needs(permission, created),
    schema: { body: createTokenSchema, response: { 201: tokenCreatedSchema } },
  };
  api.post(path, createRoute, async (request, reply) => {
    const { name, scope, expiresInDays } = request.body;
    const owner = ownerOf(request);
    const app = request.body.app === undefined ? null : await appOf(request, request.body.app);
    const expiresAt = expiresInDays === undefined ? null : new Date(Date.now() + expiresInDays * DAY_MS);
    const { token, secret } = makeToken(name, { scope, appId: app?.id ?? null, expiresAt });
    const made = await store.tokens.create({ ...token, owner, createdBy: request.principal.userId });
    note(request, { facts: { token: made.id, name, scope, app: app?.name ?? null, expiresAt } });
    return reply.status(201).send({ token: tokenView(made), secret });
  });

  const revokeSchema = { params: z.object({ token: z.string() }).loose(), response: { 204: z.null() } };
  api.delete(`${path}/:token`, { config: needs(permission, revoked), schema: revokeSchema }, async (request, reply) => {
    const gone = await store.tokens.revoke(ownerOf(request), request.params.token);
    if (gone === null) throw new TealError('not_found', { what: 'token of this id' });
    note(request, { facts: { token: gone.id, name: gone.name } });
    return reply.status(204).send(null);
  });
}

/** An organisation's token is for the organisation's own apps. */
async function appOf({ within, targetOrganisation }: FastifyRequest, nameOrId: string) {
  const app = await within.apps.find(nameOrId);
  if (app === null || (targetOrganisation !== null && app.organisationId !== targetOrganisation.id))
    throw new TealError('app_not_found', { name: nameOrId });
  return app;
}
