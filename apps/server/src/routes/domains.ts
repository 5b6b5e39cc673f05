/** An app's domains and its maintenance. */
import { addDomainSchema, appSchema, domainListSchema, maintenanceOnSchema, maintenanceSchema } from '@teal/contracts';
import type { App } from '@teal/core';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { appView, domainViews } from '../views/app.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';

const domainParams = appParams.extend({ name: z.string() });

export function domainRoutes(api: Api, deps: RouteDeps): void {
  const { deployer, places } = deps;
  const view = (app: App) => ({ domains: domainViews(app, places.domain) });

  const listSchema = { params: appParams, response: { 200: domainListSchema } };
  api.get('/apps/:app/domains', { config: needs('app.read'), schema: listSchema }, async (request) =>
    view(await requestedApp(deps, request, request.params.app)),
  );

  const addSchema = { params: appParams, body: addDomainSchema, response: { 201: domainListSchema } };
  const addRoute = { config: needs('app.configure', 'app.domain-added'), schema: addSchema };
  api.post('/apps/:app/domains', addRoute, async (request, reply) => {
    note(request, { facts: { ...request.body } });
    const app = await requestedApp(deps, request, request.params.app);
    return reply.status(201).send(view(await deployer.addDomain(app, request.body)));
  });

  const removeSchema = { params: domainParams, response: { 204: z.null() } };
  const removeRoute = { config: needs('app.configure', 'app.domain-removed'), schema: removeSchema };
  api.delete('/apps/:app/domains/:name', removeRoute, async (request, reply) => {
    note(request, { facts: { name: request.params.name } });
    const app = await requestedApp(deps, request, request.params.app);
    await deployer.removeDomain(app, request.params.name);
    return reply.status(204).send(null);
  });
}

export function maintenanceRoutes(api: Api, deps: RouteDeps): void {
  const { deployer, places } = deps;
  const path = '/apps/:app/maintenance';

  const readSchema = { params: appParams, response: { 200: maintenanceSchema } };
  api.get(path, { config: needs('app.read'), schema: readSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    return { on: app.maintenance, page: await request.within.apps.maintenancePage(app) };
  });

  const onSchema = { params: appParams, body: maintenanceOnSchema.nullish(), response: { 200: appSchema } };
  api.put(path, { config: needs('app.configure', 'app.maintenance-on'), schema: onSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const changed = await deployer.setMaintenance(app, { on: true, page: request.body?.page });
    return appView(request.within, places, changed);
  });

  const offSchema = { params: appParams, response: { 200: appSchema } };
  api.delete(path, { config: needs('app.configure', 'app.maintenance-off'), schema: offSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    return appView(request.within, places, await deployer.setMaintenance(app, { on: false }));
  });
}
