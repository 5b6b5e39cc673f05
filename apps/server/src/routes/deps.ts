/** What the routes stand on, and how they find the app a request names. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Me } from '@teal/contracts';
import { type App, type Permission, TealError } from '@teal/core';
import type { Courier, Deployer, Engine, FollowOptions, NewApp, Router, UsageRecorder } from '@teal/deployer';
import type { Mailbox } from '@teal/mailer';
import type { OwnedApp, OwnedDeployment, OwnedOrganisation, PostgresStore } from '@teal/store';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PlatformCertificates } from '../certificates/open.ts';
import { refuseWithout } from '../http/access.ts';
import type { EventStreams } from '../http/eventStream.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Attempts } from '../people/attempts.ts';
import type { Letters } from '../people/letters.ts';
import type { Passwords } from '../people/passwords.ts';
import type { SshPlace } from '../sshDoor.ts';
import type { TrafficNews } from '../trafficNews.ts';
import type { Places } from '../views/app.ts';

/** What routes have of the store: apps and what hangs on them only by `request.within`. */
export type RequestStore = Pick<
  PostgresStore,
  | 'accounts'
  | 'people'
  | 'organisations'
  | 'tokens'
  | 'keys'
  | 'webhooks'
  | 'mailWishes'
  | 'activity'
  | 'idempotency'
  | 'of'
  | 'ping'
>;

type ForOwned<F> = F extends (app: App, ...rest: infer R) => infer T ? (app: OwnedApp, ...rest: R) => T : never;
type AppCase =
  | 'changeApp'
  | 'addDomain'
  | 'removeDomain'
  | 'setMaintenance'
  | 'deleteApp'
  | 'stopApp'
  | 'startApp'
  | 'revive'
  | 'redeploy'
  | 'cancel';

/** What routes have of the deployer: use cases on apps that the one who asks may reach. */
export type RequestDeployer = { [K in AppCase]: ForOwned<Deployer[K]> } & {
  createApp(organisation: OwnedOrganisation, app: Omit<NewApp, 'organisationId'>): Promise<App>;
  follow(deployment: OwnedDeployment, options: Omit<FollowOptions, 'deploymentId'>): ReturnType<Deployer['follow']>;
};

export function forRequests(deployer: Deployer): RequestDeployer {
  return {
    ...deployer,
    createApp: ({ id }, app) => deployer.createApp({ ...app, organisationId: id }),
    follow: ({ id }, options) => deployer.follow({ ...options, deploymentId: id }),
  };
}

export interface RouteDeps {
  store: RequestStore;
  deployer: RequestDeployer;
  certificates: PlatformCertificates;
  courier: Pick<Courier, 'deliverNow'>;
  engine: Engine;
  router: Pick<Router, 'accessLog'>;
  metrics: Metrics;
  trafficNews: TrafficNews;
  usage: Pick<UsageRecorder, 'watch'>;
  mailbox: Mailbox | null;
  places: Places & {
    consoleUrl(): string;
    /** Git over SSH; null without. */
    ssh: SshPlace | null;
  };
  passwords: Passwords;
  attempts: Attempts;
  letters: Letters;
  /** False when a person has been sent enough reset mails for now. */
  resetLimit(userId: string): boolean;
  /** Takes care of what goes on after its answer. */
  background(task: Promise<void>): void;
  platform: Me['platform'];
  streams: EventStreams;
  /** Ends the SSH connections that came in by the key of this fingerprint. */
  dropKey(fingerprint: string): void;
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

/** The app of this name or id as it is now, if the one who asks may see it. */
export async function requestedApp(_deps: unknown, request: FastifyRequest, nameOrId: string): Promise<OwnedApp> {
  const app = await request.within.apps.find(nameOrId);
  if (app === null) throw new TealError('app_not_found', { name: nameOrId.slice(0, 80) });
  return app;
}

/** The organisation that a body names by id or name, else the only one; refused without `permission` in it. */
export function chosenOrganisation(
  { within, principal }: FastifyRequest,
  named: string | undefined,
  permission: Permission,
): OwnedOrganisation {
  const all = within.organisations.list();
  const fitting = named === undefined ? all : all.filter(({ id, name }) => id === named || name === named);
  const [organisation] = fitting;
  if (organisation === undefined && named !== undefined)
    throw new TealError('organisation_not_found', { id: named.slice(0, 80) });
  if (organisation === undefined || fitting.length > 1) throw new TealError('organisation_needed');
  refuseWithout(permission, principal, organisation.role);
  return organisation;
}
