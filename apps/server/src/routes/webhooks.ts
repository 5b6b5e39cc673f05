/** Webhooks of organisations and of apps: each secret is shown once, and of an address only the host. */
import {
  addWebhookSchema,
  type DeliveryView,
  deliveryListSchema,
  type WebhookView,
  webhookAddedSchema,
  webhookListSchema,
  webhookTestedSchema,
} from '@teal/contracts';
import { type ActivityAction, type Permission, TealError } from '@teal/core';
import type { Delivery, Webhook, WebhookOwner } from '@teal/store';
import { newWebhookSecret } from '@teal/webhooks';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { newId } from '../ids.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';
import { organisationOf, organisationParams } from './organisations.ts';

interface Kind {
  path: string;
  params: typeof appParams | typeof organisationParams;
  permission: Permission;
  added: ActivityAction;
  removed: ActivityAction;
  ownerOf: (request: FastifyRequest) => Promise<WebhookOwner>;
}

const OF_APP: Kind = {
  path: '/apps/:app/webhooks',
  params: appParams,
  permission: 'app.configure',
  added: 'app.webhook-added',
  removed: 'app.webhook-removed',
  ownerOf: async (request) => ({
    app: await requestedApp(null, request, (request.params as z.infer<typeof appParams>).app),
  }),
};

const OF_ORGANISATION: Kind = {
  path: '/organisations/:organisation/webhooks',
  params: organisationParams,
  permission: 'organisation.notifications',
  added: 'organisation.webhook-added',
  removed: 'organisation.webhook-removed',
  ownerOf: async (request) => ({ organisation: organisationOf(request) }),
};

export function webhookRoutes(api: Api, deps: RouteDeps): void {
  for (const kind of [OF_APP, OF_ORGANISATION]) {
    listAndAdd(api, deps, kind);
    oneWebhook(api, deps, kind);
  }
}

function listAndAdd(api: Api, { store }: RouteDeps, { path, params, permission, added, ownerOf }: Kind): void {
  const listRoute = { config: needs(permission), schema: { params, response: { 200: webhookListSchema } } };
  api.get(path, listRoute, async (request) => ({
    webhooks: (await store.webhooks.list(await ownerOf(request))).map(webhookView),
  }));

  const schema = { params, body: addWebhookSchema, response: { 201: webhookAddedSchema } };
  api.post(path, { config: needs(permission, added), schema }, async (request, reply) => {
    const { url, form, events, name = new URL(url).host } = request.body;
    const secret = newWebhookSecret();
    const given = { id: newId('webhook'), name, url, secret, form, events: [...new Set(events)] };
    const webhook = await store.webhooks.add(await ownerOf(request), given);
    note(request, { facts: { webhook: webhook.id, name, host: new URL(url).host, form, events: webhook.events } });
    return reply.status(201).send({ webhook: webhookView(webhook), secret });
  });
}

function oneWebhook(api: Api, { store, courier }: RouteDeps, kind: Kind): void {
  const { permission, removed, ownerOf } = kind;
  const path = `${kind.path}/:webhook`;
  const params = z.object({ webhook: z.string() }).loose();
  const missing = (id: string) => new TealError('webhook_not_found', { id: id.slice(0, 80) });

  const deliveriesRoute = { config: needs(permission), schema: { params, response: { 200: deliveryListSchema } } };
  api.get(`${path}/deliveries`, deliveriesRoute, async (request) => {
    const { webhook } = request.params;
    const deliveries = await store.webhooks.deliveries(await ownerOf(request), webhook);
    if (deliveries === null) throw missing(webhook);
    return { deliveries: deliveries.map(deliveryView) };
  });

  const testRoute = { config: needs(permission, null), schema: { params, response: { 200: webhookTestedSchema } } };
  api.post(`${path}/test`, testRoute, async (request) => {
    const { webhook } = request.params;
    const owner = await ownerOf(request);
    const id = newId('delivery');
    if (!(await store.webhooks.addTest(owner, webhook, id))) throw missing(webhook);
    await courier.deliverNow(id);
    const delivery = (await store.webhooks.deliveries(owner, webhook))?.find((entry) => entry.id === id);
    if (delivery === undefined) throw missing(webhook);
    return { delivery: deliveryView(delivery) };
  });

  const removeRoute = { config: needs(permission, removed), schema: { params, response: { 204: z.null() } } };
  api.delete(path, removeRoute, async (request, reply) => {
    const gone = await store.webhooks.remove(await ownerOf(request), request.params.webhook);
    if (gone === null) throw missing(request.params.webhook);
    note(request, { facts: { webhook: gone.id, name: gone.name } });
    return reply.status(204).send(null);
  });
}

function webhookView({ url, events, createdAt, last, ...webhook }: Webhook): WebhookView {
  return {
    ...webhook,
    url: new URL(url).origin,
    events: [...events],
    createdAt: createdAt.toISOString(),
    lastDelivery: last === null ? null : deliveryView(last),
  };
}

function deliveryView({ createdAt, lastAttemptAt, nextAttemptAt, ...delivery }: Delivery): DeliveryView {
  return {
    ...delivery,
    createdAt: createdAt.toISOString(),
    lastAttemptAt: lastAttemptAt?.toISOString() ?? null,
    nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
  };
}
