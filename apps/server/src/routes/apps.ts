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
import type { OwnedApp } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { newId } from '../ids.ts';
import { appView, deploymentView, isConfigurationPending } from '../views/app.ts';
import { type Api, appParams, chosenOrganisation, type RouteDeps, requestedApp } from './deps.ts';

const MAX_ENVIRONMENT_BYTES = 512 * 1024;

export function appRoutes(api: Api, deps: RouteDeps): void {
  const { deployer, places } = deps;
  const view = (request: FastifyRequest, app: App) => appView(request.within, places, app);

  api.get('/apps', { config: needs('self.read'), schema: { response: { 200: appListSchema } } }, async (request) => {
    const apps = await request.within.apps.list();
    return { apps: await Promise.all(apps.map((app) => view(request, app))) };
  });

  const createSchema = { body: createAppSchema, response: { 201: appSchema } };
  api.post('/apps', { config: needs('app.create', 'app.created'), schema: createSchema }, async (request, reply) => {
    const { name, settings, organisation } = request.body;
    const app = await deployer.createApp(chosenOrganisation(request, organisation, 'app.create'), {
      id: newId('app'),
      name,
      settings: { ...DEFAULT_SETTINGS, ...settings },
    });
    note(request, { app });
    return reply.status(201).send(await view(request, app));
  });

  const oneSchema = { params: appParams, response: { 200: appSchema } };
  api.get('/apps/:app', { config: needs('app.read'), schema: oneSchema }, async (request) =>
    view(request, await requestedApp(deps, request, request.params.app)),
  );

  api.patch(
    '/apps/:app',
    {
      config: needs('app.configure', 'app.changed'),
      schema: { params: appParams, body: updateAppSchema, response: { 200: appSchema } },
    },
    async (request) => {
      const app = await requestedApp(deps, request, request.params.app);
      const changed = await deployer.changeApp(app, request.body);
      note(request, { facts: differences(app, changed) });
      return view(request, changed);
    },
  );

  const deleteSchema = { params: appParams, response: { 204: z.null() } };
  api.delete(
    '/apps/:app',
    { config: needs('app.delete', 'app.deleted'), schema: deleteSchema },
    async (request, reply) => {
      await deployer.deleteApp(await requestedApp(deps, request, request.params.app));
      return reply.status(204).send(null);
    },
  );

  environmentRoutes(api, deps);

  const stopRoute = { config: needs('app.deploy', 'app.stopped'), schema: oneSchema };
  api.post('/apps/:app/stop', stopRoute, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    await deployer.stopApp(app, request.principal.userName);
    return view(request, await requestedApp(deps, request, app.id));
  });

  api.post(
    '/apps/:app/start',
    {
      config: needs('app.deploy', 'app.started'),
      schema: { params: appParams, response: { 202: deploymentStartedSchema } },
    },
    async (request, reply) => {
      const app = await requestedApp(deps, request, request.params.app);
      const { deployment, warnings } = await deployer.startApp(app, request.principal.userName);
      note(request, { facts: { deployment: deployment.id } });
      return reply.status(202).send({ deployment: deploymentView(deployment), warnings });
    },
  );
}

function environmentRoutes(api: Api, deps: RouteDeps): void {
  const view = async ({ within }: FastifyRequest, app: OwnedApp) => {
    const live = app.liveReleaseId === null ? null : await within.releases.get(app, app.liveReleaseId);
    return { variables: { ...app.environment }, pending: isConfigurationPending(app, live ?? undefined) };
  };

  api.get(
    '/apps/:app/environment',
    { config: needs('app.secrets'), schema: { params: appParams, response: { 200: environmentViewSchema } } },
    async (request) => view(request, await requestedApp(deps, request, request.params.app)),
  );

  const schema = { params: appParams, body: changeEnvironmentSchema, response: { 200: environmentViewSchema } };
  const changeConfig = needs('app.configure', 'app.variables-changed');
  api.patch('/apps/:app/environment', { config: changeConfig, schema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const { set = {}, unset = [] } = request.body;
    const sizeBytes = Buffer.byteLength(JSON.stringify({ ...app.environment, ...set }));
    if (sizeBytes > MAX_ENVIRONMENT_BYTES)
      throw new TealError('settings_invalid', { detail: 'the variables are larger than 512 KiB together' });
    note(request, { facts: { set: Object.keys(set), unset } });
    return view(request, await request.within.apps.changeEnvironment(app, { set, unset }));
  });
}

/** The settings that are others now, before and after. */
function differences(before: App, after: App): Record<string, unknown> {
  const flat = ({ settings, deployBranch }: App): Record<string, unknown> => ({ ...settings, deployBranch });
  const old = flat(before);
  const changed = Object.entries(flat(after)).filter(([name, value]) => old[name] !== value);
  return Object.fromEntries(changed.map(([name, value]) => [name, { before: old[name], after: value }]));
}
