/** The HTTP server on the console port: API, git endpoint, console files. Routes and handlers live elsewhere. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import { PERMISSIONS, TealError } from '@teal/core';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { networkOf } from '../people/network.ts';
import { accountRoutes } from '../routes/account.ts';
import { activityRoutes } from '../routes/activity.ts';
import { appRoutes } from '../routes/apps.ts';
import { certificateRoutes } from '../routes/certificates.ts';
import { deploymentRoutes } from '../routes/deployments.ts';
import type { Api, RouteDeps } from '../routes/deps.ts';
import { domainRoutes, maintenanceRoutes } from '../routes/domains.ts';
import { invitationRoutes } from '../routes/invitations.ts';
import { keyRoutes } from '../routes/keys.ts';
import { liveRoutes } from '../routes/live.ts';
import { mailboxRoutes } from '../routes/mailbox.ts';
import { metricsRoute } from '../routes/metrics.ts';
import { notificationRoutes } from '../routes/notifications.ts';
import { organisationRoutes } from '../routes/organisations.ts';
import { passwordResetRoutes, sessionRoutes } from '../routes/session.ts';
import { tokenRoutes } from '../routes/tokens.ts';
import { trafficRoutes } from '../routes/traffic.ts';
import { webhookRoutes } from '../routes/webhooks.ts';
import { collectRoutes, needs, type RouteEntry, useAccess } from './access.ts';
import { useActivity } from './activity.ts';
import { serveConsole } from './consoleFiles.ts';
import { useErrors } from './errors.ts';
import { useIdempotency } from './idempotency.ts';

export interface ServerOptions {
  deps: RouteDeps;
  /** Answers everything below `/git/`. */
  git: (request: IncomingMessage, response: ServerResponse, address: string) => Promise<void>;
  consoleDir: string | null;
  log: FastifyBaseLogger;
  /** Proxies whose X-Forwarded-* headers count: addresses or subnets. */
  trustProxy: readonly string[];
}

const BODY_LIMIT_BYTES = 1024 * 1024;

const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

export interface HttpServer {
  app: FastifyInstance;
  /** Every route with what it asks of who calls it. */
  routes: readonly RouteEntry[];
}

export async function createHttpServer({ deps, git, consoleDir, log, trustProxy }: ServerOptions): Promise<HttpServer> {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    // A push may take as long as its build: neither may a timer end it.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: true },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
  const table = collectRoutes(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  useErrors(app);
  takeJson(app);
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  await app.register(fastifyCookie);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Teal', version: deps.platform.version, description: 'The API of Teal, a git-push platform.' },
    },
    transform: describeRoute,
  });
  await app.register(async (scope) => gitRoutes(scope, git), { prefix: '/git' });
  await app.register(async (scope) => apiRoutes(scope as unknown as Api, deps), { prefix: '/api/v1' });
  await app.register(async (scope) => {
    useAccess(scope, deps.store);
    metricsRoute(scope, deps.metrics);
  });
  app.get('/health', { config: needs('public'), schema: { hide: true } }, async () => {
    await deps.store.ping();
    return { status: 'ok' };
  });
  await table.publicly(() => serveConsole(app, consoleDir));
  await app.ready();
  return { app, routes: table.entries };
}

/** As Fastify reads JSON, but bytes that are no text are refused, not replaced. */
function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (!isUtf8(bytes)) return done(new TealError('request_invalid', { detail: 'the body is not UTF-8' }));
    parse(request, bytes.toString('utf8'), done);
  });
}

async function apiRoutes(api: Api, deps: RouteDeps): Promise<void> {
  const plain = api as unknown as FastifyInstance;
  api.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  api.setNotFoundHandler(() => {
    throw new TealError('not_found', { what: 'such address in the API' });
  });
  useAccess(plain, deps.store);
  await plain.register(fastifyRateLimit, {
    global: false,
    keyGenerator: (request) => networkOf(request.ip),
    errorResponseBuilder: (_request, { ttl }) => new TealError('too_many_attempts', { seconds: Math.ceil(ttl / 1000) }),
  });
  useIdempotency(plain, deps.store.idempotency);
  useActivity(plain, deps.store.activity);
  api.get('/openapi.json', { config: needs('public'), schema: { hide: true } }, async () => plain.swagger());
  const groups = [
    sessionRoutes,
    passwordResetRoutes,
    accountRoutes,
    tokenRoutes,
    organisationRoutes,
    invitationRoutes,
    activityRoutes,
    appRoutes,
    domainRoutes,
    maintenanceRoutes,
    certificateRoutes,
    deploymentRoutes,
    keyRoutes,
    webhookRoutes,
    notificationRoutes,
    liveRoutes,
    trafficRoutes,
    mailboxRoutes,
  ];
  for (const routes of groups) routes(api, deps);
}

/** git's bodies are streams that Fastify must neither parse nor measure. */
async function gitRoutes(scope: FastifyInstance, git: ServerOptions['git']): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  // The remote knows people by Basic authentication, and asks for itself.
  scope.all('/*', { config: needs('public', null), schema: { hide: true } }, async (request, reply) => {
    reply.hijack();
    await git(request.raw, reply.raw, request.ip);
  });
}

/** The API's description says of each route what it asks of who calls it. */
const describeRoute: typeof jsonSchemaTransform = (given) => {
  const described = jsonSchemaTransform(given);
  const { permission } = given.route?.config ?? {};
  if (permission === undefined || described.schema == null) return described;
  const what =
    permission === 'public' ? 'Needs no credentials.' : `Needs ${permission}: ${PERMISSIONS[permission].what}.`;
  return { ...described, schema: { ...described.schema, description: what } };
};
