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
import { isTerminal, noLog, TealError } from '@teal/core';
import type { Requested } from '@teal/deployer';
import type { OwnedApp, OwnedDeployment } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import type { ServerSentEvent } from '../http/eventStream.ts';
import { deploymentView } from '../views/app.ts';
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
): Promise<{ app: OwnedApp; deployment: OwnedDeployment }> {
  const app = await requestedApp(deps, request, params.app);
  const deployment = await request.within.deployments.find(app, params.deployment);
  if (deployment === null) throw new TealError('deployment_not_found', { id: params.deployment.slice(0, 80) });
  return { app, deployment };
}

export function deploymentRoutes(api: Api, deps: RouteDeps): void {
  const { deployer } = deps;

  const listSchema = { params: appParams, querystring: pageQuery, response: { 200: deploymentListSchema } };
  api.get('/apps/:app/deployments', { config: needs('app.read'), schema: listSchema }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const { limit, before } = request.query;
    const page = await request.within.deployments.list(app, { limit, before: before ?? null });
    return {
      deployments: page.map(deploymentView),
      next: page.length === limit ? (page.at(-1)?.sequence ?? null) : null,
    };
  });

  const oneSchema = { params: deploymentParams, response: { 200: deploymentSchema } };
  api.get('/apps/:app/deployments/:deployment', { config: needs('app.read'), schema: oneSchema }, async (request) =>
    deploymentView((await requestedDeployment(deps, request, request.params)).deployment),
  );

  const cancelRoute = { config: needs('app.deploy', 'app.deployment-cancelled'), schema: oneSchema };
  api.post('/apps/:app/deployments/:deployment/cancel', cancelRoute, async (request) => {
    note(request, { facts: { deployment: request.params.deployment } });
    const app = await requestedApp(deps, request, request.params.app);
    const requestedBy = request.principal.userName;
    return deploymentView(await deployer.cancel(app, { deploymentId: request.params.deployment, requestedBy }));
  });

  const redeployRoute = {
    params: appParams,
    body: redeploySchema.nullish(),
    response: { 202: deploymentStartedSchema },
  };
  const redeployConfig = needs('app.deploy', 'app.redeployed');
  api.post('/apps/:app/redeploy', { config: redeployConfig, schema: redeployRoute }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    const requested = await deployer.redeploy(app, {
      requestedBy: request.principal.userName,
      commit: request.body?.commit,
    });
    note(request, { facts: { deployment: requested.deployment.id, commit: requested.deployment.commit.commit } });
    return reply.status(202).send(startedView(requested));
  });

  const reviveRoute = {
    params: appParams,
    body: startLastPushedCommitSchema.nullish(),
    response: { 202: deploymentStartedSchema },
  };
  const reviveConfig = needs('app.deploy', 'app.revived');
  api.post(
    '/apps/:app/start-last-pushed-commit',
    { config: reviveConfig, schema: reviveRoute },
    async (request, reply) => {
      const app = await requestedApp(deps, request, request.params.app);
      const { expectedLive, deployment } = request.body ?? {};
      const requested = await deployer.revive(app, {
        requestedBy: request.principal.userName,
        expectedLive,
        deploymentId: deployment,
      });
      note(request, { facts: { deployment: requested.deployment.id, commit: requested.deployment.commit.commit } });
      return reply.status(202).send(startedView(requested));
    },
  );

  logRoutes(api, deps);
}

function logRoutes(api: Api, deps: RouteDeps): void {
  const { streams } = deps;

  const schema = { params: deploymentParams, querystring: logQuery, response: { 200: logSchema } };
  api.get('/apps/:app/deployments/:deployment/log', { config: needs('app.read'), schema }, async (request) => {
    const { deployment } = await requestedDeployment(deps, request, request.params);
    const { after } = request.query;
    const lines = await request.within.logs.read(deployment, after);
    const ended = isTerminal(deployment.state);
    const isMissing = ended && after === 0 && lines.length === 0;
    return { lines: isMissing ? [noLog(deployment.createdAt)] : lines, ended };
  });

  const eventsSchema = { params: deploymentParams, querystring: logQuery };
  const eventsRoute = { config: needs('app.read'), schema: eventsSchema };
  api.get('/apps/:app/deployments/:deployment/log/events', eventsRoute, async (request, reply) => {
    const { deployment } = await requestedDeployment(deps, request, request.params);
    const resumed = Number(request.headers['last-event-id']);
    const after = Number.isInteger(resumed) && resumed > 0 ? resumed : request.query.after;
    await streams.send(request, reply, (signal) => logEvents(deps, { deployment, after, signal }));
  });
}

async function* logEvents(
  { deployer }: RouteDeps,
  { deployment, after, signal }: { deployment: OwnedDeployment; after: number; signal: AbortSignal },
): AsyncIterable<ServerSentEvent> {
  for await (const news of deployer.follow(deployment, { after, silenceMs: SILENCE_MS, signal })) {
    if (news.kind === 'line') yield { event: EVENT_NAMES.line, id: String(news.line.sequence), data: news.line };
    if (news.kind === 'ended') yield { event: EVENT_NAMES.ended, data: deploymentView(news.deployment) };
  }
}
