/** What the routes stand on, and how they find the app a request names. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Me } from '@teal/contracts';
import { type App, TealError } from '@teal/core';
import type { Deployer, Engine, Router } from '@teal/deployer';
import type { Mailbox } from '@teal/mailer';
import type { PostgresStore } from '@teal/store';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PlatformCertificates } from '../certificates/open.ts';
import type { EventStreams } from '../http/eventStream.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Places } from '../views.ts';

export interface RouteDeps {
  store: PostgresStore;
  deployer: Deployer;
  certificates: PlatformCertificates;
  engine: Engine;
  router: Pick<Router, 'accessLog'>;
  metrics: Metrics;
  mailbox: Mailbox | null;
  places: Places;
  platform: Me['platform'];
  streams: EventStreams;
}

/** Fastify with request and answer types taken from the zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export const appParams = z.object({ app: z.string() });
export const deploymentParams = z.object({ app: z.string(), deployment: z.string() });

/** The app of this name or id, if the one who asks may see it. */
export async function requestedApp(
  { store }: Pick<RouteDeps, 'store'>,
  request: FastifyRequest,
  nameOrId: string,
): Promise<App> {
  const app = await store.apps.find(request.principal.organisationId, nameOrId);
  if (app === null) throw new TealError('app_not_found', { name: nameOrId.slice(0, 80) });
  return app;
}
