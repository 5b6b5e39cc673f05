/** The HTTP server on the console port: API, git endpoint, console files. Routes and handlers live elsewhere. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifySwagger from '@fastify/swagger';
import { TealError } from '@teal/core';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { accountRoutes, signInRoutes } from '../routes/account.ts';
import { appRoutes } from '../routes/apps.ts';
import { certificateRoutes } from '../routes/certificates.ts';
import { deploymentRoutes } from '../routes/deployments.ts';
import type { Api, RouteDeps } from '../routes/deps.ts';
import { domainRoutes, maintenanceRoutes } from '../routes/domains.ts';
import { liveRoutes } from '../routes/live.ts';
import { metricsRoute } from '../routes/metrics.ts';
import { trafficRoutes } from '../routes/traffic.ts';
import { useAuthentication } from './authenticate.ts';
import { serveConsole } from './consoleFiles.ts';
import { useErrors } from './errors.ts';
import { useIdempotency } from './idempotency.ts';

export interface ServerOptions {
  deps: RouteDeps;
  /** Answers everything below `/git/`. */
  git: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  consoleDir: string | null;
  log: FastifyBaseLogger;
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

export async function createHttpServer({ deps, git, consoleDir, log }: ServerOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    // A push may take as long as its build: neither may a timer end it.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: true },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  useErrors(app);
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
    transform: jsonSchemaTransform,
  });
  await app.register(async (scope) => gitRoutes(scope, git), { prefix: '/git' });
  await app.register(async (scope) => apiRoutes(scope as unknown as Api, deps), { prefix: '/api/v1' });
  await app.register(async (scope) => {
    useAuthentication(scope, deps.store.accounts);
    metricsRoute(scope, deps.metrics);
  });
  app.get('/health', { schema: { hide: true } }, async () => {
    await deps.store.ping();
    return { status: 'ok' };
  });
  await serveConsole(app, consoleDir);
  await app.ready();
  return app;
}

async function apiRoutes(api: Api, deps: RouteDeps): Promise<void> {
  const plain = api as unknown as FastifyInstance;
  api.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  api.setNotFoundHandler(() => {
    throw new TealError('not_found', { what: 'such address in the API' });
  });
  signInRoutes(api, deps);
  api.get('/openapi.json', { schema: { hide: true } }, async () => plain.swagger());
  await api.register(async (scope) => {
    const inner = scope as unknown as Api;
    useAuthentication(scope as unknown as FastifyInstance, deps.store.accounts);
    useIdempotency(scope as unknown as FastifyInstance, deps.store.idempotency);
    accountRoutes(inner, deps);
    appRoutes(inner, deps);
    domainRoutes(inner, deps);
    maintenanceRoutes(inner, deps);
    certificateRoutes(inner, deps);
    deploymentRoutes(inner, deps);
    liveRoutes(inner, deps);
    trafficRoutes(inner, deps);
  });
}

/** git's bodies are streams that Fastify must neither parse nor measure. */
async function gitRoutes(scope: FastifyInstance, git: ServerOptions['git']): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.all('/*', { schema: { hide: true } }, async (request, reply) => {
    reply.hijack();
    await git(request.raw, reply.raw);
  });
}
