/** Deployments: list, show, log, cancel; redeploy and Start last pushed commit. */
import {
  deploymentListSchema,
  deploymentSchema,
  deploymentStartedSchema,
  EVENT_NAMES,
  logSchema,
  redeploySchema,
  startLastPushedCommitSchema,
} from '@teal/contracts';
import { type App, type Deployment, isTerminal, TealError } from '@teal/core';
import type { Requested } from '@teal/deployer';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerSentEvent } from '../http/eventStream.ts';
import { deploymentView } from '../views.ts';
import { type Api, appParams, deploymentParams, type RouteDeps, requestedApp } from './deps.ts';

const SILENCE_MS = 60_000;
const wholeNumber = z.coerce.number().int().min(0);
const pageQuery = z.strictObject({ limit: wholeNumber.min(1).max(100).default(20), before: wholeNumber.optional() });
const logQuery = z.strictObject({ after: wholeNumber.default(0) });

const startedView = ({ deployment, warnings }: Requested) => ({ deployment: deploymentView(deployment), warnings });

async function requestedDeployment(
  deps: RouteDeps,
  request: FastifyRequest,
  params: { app: string; deployment: string },
): Promise<{ app: App; deployment: Deployment }> {
  const app = await requestedApp(deps, request, params.app);
  const deployment = await deps.store.deployments.find(app.id, params.deployment);
  if (deployment === null) throw new TealError('deployment_not_found', { id: params.deployment.slice(0, 80) });
  return { app, deployment };
}

export function deploymentRoutes(api: Api, deps: RouteDeps): void {
  const { store, deployer } = deps;

  const listSchema = { params: appParams, querystring: pageQuery, response: { 200: deploymentListSchema } };
  api.get('/apps/:app/deployments', { schema: listSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const { limit, before } = request.query;
    const page = await store.deployments.list(app.id, { limit, before: before ?? null });
    return {
      deployments: page.map(deploymentView),
      next: page.length === limit ? (page.at(-1)?.sequence ?? null) : null,
    };
  });

  const oneSchema = { params: deploymentParams, response: { 200: deploymentSchema } };
  api.get('/apps/:app/deployments/:deployment', { schema: oneSchema }, async (request) =>
    deploymentView((await requestedDeployment(deps, request, request.params)).deployment),
  );

  api.post('/apps/:app/deployments/:deployment/cancel', { schema: oneSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const requestedBy = request.principal.userName;
    return deploymentView(await deployer.cancel(app, { deploymentId: request.params.deployment, requestedBy }));
  });

  const redeployRoute = {
    params: appParams,
    body: redeploySchema.nullish(),
    response: { 202: deploymentStartedSchema },
  };
  api.post('/apps/:app/redeploy', { schema: redeployRoute }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    const requested = await deployer.redeploy(app, {
      requestedBy: request.principal.userName,
      commit: request.body?.commit,
    });
    return reply.status(202).send(startedView(requested));
  });

  const reviveRoute = {
    params: appParams,
    body: startLastPushedCommitSchema.nullish(),
    response: { 202: deploymentStartedSchema },
  };
  api.post('/apps/:app/start-last-pushed-commit', { schema: reviveRoute }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    const { expectedLive, deployment } = request.body ?? {};
    const requested = await deployer.revive(app, {
      requestedBy: request.principal.userName,
      expectedLive,
      deploymentId: deployment,
    });
    return reply.status(202).send(startedView(requested));
  });

  logRoutes(api, deps);
}

function logRoutes(api: Api, deps: RouteDeps): void {
  const { store, streams } = deps;

  const schema = { params: deploymentParams, querystring: logQuery, response: { 200: logSchema } };
  api.get('/apps/:app/deployments/:deployment/log', { schema }, async (request) => {
    const { deployment } = await requestedDeployment(deps, request, request.params);
    return { lines: await store.logs.read(deployment.id, request.query.after), ended: isTerminal(deployment.state) };
  });

  const eventsSchema = { params: deploymentParams, querystring: logQuery };
  api.get('/apps/:app/deployments/:deployment/log/events', { schema: eventsSchema }, async (request, reply) => {
    const { deployment } = await requestedDeployment(deps, request, request.params);
    const resumed = Number(request.headers['last-event-id']);
    const after = Number.isInteger(resumed) && resumed > 0 ? resumed : request.query.after;
    await streams.send(request, reply, (signal) => logEvents(deps, { deploymentId: deployment.id, after, signal }));
  });
}

async function* logEvents(
  { deployer }: RouteDeps,
  { deploymentId, after, signal }: { deploymentId: string; after: number; signal: AbortSignal },
): AsyncIterable<ServerSentEvent> {
  for await (const news of deployer.follow({ deploymentId, after, silenceMs: SILENCE_MS, signal })) {
    if (news.kind === 'line') yield { event: EVENT_NAMES.line, id: String(news.line.sequence), data: news.line };
    if (news.kind === 'ended') yield { event: EVENT_NAMES.ended, data: deploymentView(news.deployment) };
  }
}
