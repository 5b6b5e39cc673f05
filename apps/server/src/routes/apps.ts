/** Apps: create, list, show, change, delete; their environment; stop and start. */
import {
  appListSchema,
  appSchema,
  changeEnvironmentSchema,
  createAppSchema,
  deploymentStartedSchema,
  environmentViewSchema,
  updateAppSchema,
} from '@teal/contracts';
import { type App, DEFAULT_SETTINGS, TealError } from '@teal/core';
import { z } from 'zod';
import { newId } from '../ids.ts';
import { appView, deploymentView, isConfigurationPending } from '../views.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';

const MAX_ENVIRONMENT_BYTES = 512 * 1024;

export function appRoutes(api: Api, deps: RouteDeps): void {
  const { store, deployer, places } = deps;
  const view = (app: App) => appView(store, places, app);

  api.get('/apps', { schema: { response: { 200: appListSchema } } }, async (request) => {
    const apps = await store.apps.list(request.principal.organisationId);
    return { apps: await Promise.all(apps.map(view)) };
  });

  api.post('/apps', { schema: { body: createAppSchema, response: { 201: appSchema } } }, async (request, reply) => {
    const { name, settings } = request.body;
    const app = await deployer.createApp({
      id: newId('app'),
      organisationId: request.principal.organisationId,
      name,
      settings: { ...DEFAULT_SETTINGS, ...settings },
    });
    return reply.status(201).send(await view(app));
  });

  api.get('/apps/:app', { schema: { params: appParams, response: { 200: appSchema } } }, async (request) =>
    view(await requestedApp(deps, request, request.params.app)),
  );

  api.patch(
    '/apps/:app',
    { schema: { params: appParams, body: updateAppSchema, response: { 200: appSchema } } },
    async (request) => {
      const app = await requestedApp(deps, request, request.params.app);
      return view(await deployer.changeApp(app, request.body));
    },
  );

  api.delete('/apps/:app', { schema: { params: appParams, response: { 204: z.null() } } }, async (request, reply) => {
    await deployer.deleteApp(await requestedApp(deps, request, request.params.app));
    return reply.status(204).send(null);
  });

  environmentRoutes(api, deps);

  api.post('/apps/:app/stop', { schema: { params: appParams, response: { 200: appSchema } } }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    await deployer.stopApp(app, request.principal.userName);
    return view(await requestedApp(deps, request, app.id));
  });

  api.post(
    '/apps/:app/start',
    { schema: { params: appParams, response: { 202: deploymentStartedSchema } } },
    async (request, reply) => {
      const app = await requestedApp(deps, request, request.params.app);
      const { deployment, warnings } = await deployer.startApp(app, request.principal.userName);
      return reply.status(202).send({ deployment: deploymentView(deployment), warnings });
    },
  );
}

function environmentRoutes(api: Api, deps: RouteDeps): void {
  const { store } = deps;
  const view = async (app: App) => {
    const live = app.liveReleaseId === null ? null : await store.releases.get(app.liveReleaseId);
    return { variables: { ...app.environment }, pending: isConfigurationPending(app, live ?? undefined) };
  };

  api.get(
    '/apps/:app/environment',
    { schema: { params: appParams, response: { 200: environmentViewSchema } } },
    async (request) => view(await requestedApp(deps, request, request.params.app)),
  );

  const schema = { params: appParams, body: changeEnvironmentSchema, response: { 200: environmentViewSchema } };
  api.patch('/apps/:app/environment', { schema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const { set = {}, unset = [] } = request.body;
    const sizeBytes = Buffer.byteLength(JSON.stringify({ ...app.environment, ...set }));
    if (sizeBytes > MAX_ENVIRONMENT_BYTES)
      throw new TealError('settings_invalid', { detail: 'the variables are larger than 512 KiB together' });
    return view(await store.apps.changeEnvironment(app.id, { set, unset }));
  });
}
