/** What every use case stands on: the ports and the platform's own settings. Made once by the composition root. */
import type { Address, App, Retention, Timing } from '@teal/core';
import type { Clock, Ids } from './ports/clock.ts';
import type { Engine } from './ports/engine.ts';
import type { MailSender } from './ports/mail.ts';
import type { Prober } from './ports/prober.ts';
import type { JobQueue } from './ports/queue.ts';
import type { RoomGauge } from './ports/room.ts';
import type { Router } from './ports/router.ts';
import type { SourceReader } from './ports/source.ts';
import type { Store } from './ports/store.ts';

/** The platform's own log; pino fits. */
export interface Logger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface DeployerSettings {
  /** Names this process among those that hold leases; starts with the data folder's id. */
  holder: string;
  timing: Timing;
  retention: Retention;
  /** Secret of proof requests, new at every start. */
  proofSecret: string;
  /** Host names of an app, the primary one first. */
  hostsOf(app: Pick<App, 'name' | 'domains'>): string[];
  urlOf(app: Pick<App, 'name' | 'domains'>): string;
  /** The domain below which every app has its default host, and hosts besides that no app may have. */
  domain: string;
  reservedHosts: readonly string[];
  /** The page of a deployment. */
  linkOf(app: Pick<App, 'name'>, deploymentId: string): string;
}

export interface Context {
  store: Store;
  engine: Engine;
  router: Router;
  prober: Prober;
  source: SourceReader;
  queue: Pick<JobQueue, 'appHasWork' | 'mailIsWaiting'>;
  mail: MailSender;
  room: RoomGauge;
  clock: Clock;
  ids: Ids;
  log: Logger;
  settings: DeployerSettings;
}

/** Where the router takes public requests from this machine. */
export function publicAddress(context: Context): Address {
  return context.router.publicAddress();
}
