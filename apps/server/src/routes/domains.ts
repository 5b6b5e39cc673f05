/** An app's domains and its maintenance. */
import { addDomainSchema, appSchema, domainListSchema, maintenanceOnSchema, maintenanceSchema } from '@teal/contracts';
import type { App } from '@teal/core';
import { z } from 'zod';
import { appView, domainViews } from '../views.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';

const domainParams = appParams.extend({ name: z.string() });

export function domainRoutes(api: Api, deps: RouteDeps): void {
  const { deployer, places } = deps;
  const view = (app: App) => ({ domains: domainViews(app, places.domain) });

  const listSchema = { params: appParams, response: { 200: domainListSchema } };
  api.get('/apps/:app/domains', { schema: listSchema }, async (request) =>
    view(await requestedApp(deps, request, request.params.app)),
  );

  const addSchema = { params: appParams, body: addDomainSchema, response: { 201: domainListSchema } };
  api.post('/apps/:app/domains', { schema: addSchema }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    return reply.status(201).send(view(await deployer.addDomain(app, request.body)));
  });

  const removeSchema = { params: domainParams, response: { 204: z.null() } };
  api.delete('/apps/:app/domains/:name', { schema: removeSchema }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    await deployer.removeDomain(app, request.params.name);
    return reply.status(204).send(null);
  });
}

export function maintenanceRoutes(api: Api, deps: RouteDeps): void {
  const { store, deployer, places } = deps;
  const path = '/apps/:app/maintenance';

  api.get(path, { schema: { params: appParams, response: { 200: maintenanceSchema } } }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    return { on: app.maintenance, page: await store.apps.maintenancePage(app.id) };
  });

  const onSchema = { params: appParams, body: maintenanceOnSchema.nullish(), response: { 200: appSchema } };
  api.put(path, { schema: onSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const changed = await deployer.setMaintenance(app, { on: true, page: request.body?.page });
    return appView(store, places, changed);
  });

  api.delete(path, { schema: { params: appParams, response: { 200: appSchema } } }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    return appView(store, places, await deployer.setMaintenance(app, { on: false }));
  });
}
