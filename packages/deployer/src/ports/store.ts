/**
 * Port: everything Teal remembers. Adapter: packages/store (PostgreSQL). Each method is one transaction; a method that
 * takes a lease does nothing and throws `lease_lost` when that lease is not held any more.
 */
import type {
  App,
  AppSettings,
  Colour,
  CommitFacts,
  Deployment,
  DeploymentEvent,
  DeploymentState,
  DeploymentTrigger,
  Environment,
  Failure,
  Image,
  Instance,
  InstanceState,
  LogLine,
  RefCommand,
  Release,
  Retention,
  TrafficMinute,
} from '@teal/core';
import type { Reservations } from './engine.ts';
import type { MailFacts } from './mail.ts';
import type { Certificate } from './router.ts';

/** Proof that this process acts for an app; the token grows with every change of hands. */
export interface Lease {
  appId: string;
  token: number;
}

export interface Leases {
  /** Null while somebody else holds it. Its holder gets it anew: one that had no answer asks again, and what it held before is over. */
  acquire(appId: string, holder: string, ttlMs: number): Promise<Lease | null>;
  /** False when it was lost. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  /** Ends every lease whose holder starts with `holderPrefix`: those of a dead process of the same data folder. */
  drop(holderPrefix: string): Promise<void>;
}

export interface NewApp {
  id: string;
  organisationId: string;
  name: string;
  settings: AppSettings;
}

export interface Apps {
  /** Throws `app_name_taken`. */
  create(app: NewApp): Promise<App>;
  /** By name or id; null when there is none, it is being deleted, or it is not the organisation's. */
  find(organisationId: string, nameOrId: string): Promise<App | null>;
  list(organisationId: string): Promise<App[]>;
  get(appId: string): Promise<App | null>;
  /** Ids of all apps, those being deleted included. */
  ids(): Promise<string[]>;
  update(appId: string, change: { settings?: AppSettings; deployBranch?: string | null }): Promise<App>;
  changeEnvironment(appId: string, change: { set: Environment; unset: readonly string[] }): Promise<App>;
  /** No version is live any more, and what is asked for and not live yet is cancelled, in one step; what a dead worker left switching is told to end. */
  setStopped(lease: Lease, reason: string): Promise<void>;
  /** `page` undefined leaves the app's own page as it is, null forgets it. */
  setMaintenance(lease: Lease, change: { on: boolean; page?: string | null }): Promise<App>;
  /** The app's own page for maintenance, as HTML; null when it has none. */
  maintenancePage(appId: string): Promise<string | null>;
  /** Marks the app as being deleted: from now on nobody finds it. */
  markDeleting(appId: string): Promise<void>;
  isDeleting(appId: string): Promise<boolean>;
  /** Removes the app and everything that hangs on it, the lease with it. */
  remove(lease: Lease): Promise<void>;
}

export interface Domains {
  /** Gives the app a domain, or keeps one that it has; `primary` undefined leaves that as it is. Throws `domain_taken`. */
  add(lease: Lease, domain: { name: string; primary?: boolean }): Promise<App>;
  /** From now on no own domain is primary. */
  clearPrimary(lease: Lease): Promise<App>;
  /** Null when the app has no such domain. */
  remove(lease: Lease, name: string): Promise<App | null>;
}

/** A certificate with its key, and what lists tell of it. */
export interface StoredCertificate extends Certificate {
  issuer: string;
  /** SHA-256 of the certificate in lower-case hex. */
  fingerprint: string;
  notAfter: Date;
  createdAt: Date;
}

export type NewCertificate = Omit<StoredCertificate, 'createdAt'>;

export interface Certificates {
  /** An organisation's, newest first. */
  list(organisationId: string): Promise<StoredCertificate[]>;
  /** All but the platform's own, newest first. */
  all(): Promise<StoredCertificate[]>;
  /** Keeps one; the same certificate given again stays the one it was, as the newest. */
  add(organisationId: string, certificate: NewCertificate): Promise<StoredCertificate>;
  /** False when the organisation has none of this id. */
  remove(organisationId: string, id: string): Promise<boolean>;
  /** The one that the platform made for itself; null before it has. */
  own(): Promise<StoredCertificate | null>;
  /** Takes the place of the one before. */
  replaceOwn(certificate: NewCertificate): Promise<StoredCertificate>;
}

export interface Push {
  id: string;
  sequence: number;
  appId: string;
  /** The command that deploys; null when the push deploys nothing. */
  command: RefCommand | null;
  branch: string | null;
  options: readonly string[];
  pushedBy: string;
  createdAt: Date;
}

export interface Pushes {
  get(pushId: string): Promise<Push | null>;
  /** Writes the provisional row (pre-receive). */
  provisional(push: Omit<Push, 'sequence' | 'createdAt'>): Promise<Push>;
  /**
   * Confirms a provisional push (post-receive): makes its one deployment, chooses the deploy branch of an app that has
   * none, and cancels or marks for cancelling what the push supersedes. Done twice it returns the same deployment.
   */
  confirm(pushId: string, deploymentId: string, facts: CommitFacts): Promise<Deployment | null>;
  /** The push landed but deploys nothing. */
  keep(pushId: string): Promise<void>;
  drop(pushId: string): Promise<void>;
  listProvisional(): Promise<Push[]>;
}

export interface DeploymentRequest {
  id: string;
  appId: string;
  trigger: DeploymentTrigger;
  commit: CommitFacts;
  branch: string | null;
  requestedBy: string;
  /** The release to replay; null when one is to be made. */
  releaseId: string | null;
  /** Live deployment the caller saw; undefined: any. Throws `live_changed` on a mismatch. */
  expectedLive?: string | null;
}

export interface Advance {
  releaseId?: string;
  colour?: Colour;
}

export interface Deployments {
  get(id: string): Promise<Deployment | null>;
  find(appId: string, id: string): Promise<Deployment | null>;
  /** Newest first, below sequence `before`. */
  list(appId: string, page: { limit: number; before: number | null }): Promise<Deployment[]>;
  /** The one that was claimed and has not ended. */
  active(appId: string): Promise<Deployment | null>;
  /** The queued one that is next: the smallest sequence. */
  next(appId: string): Promise<Deployment | null>;
  /** The one in state `live`. */
  live(appId: string): Promise<Deployment | null>;
  /** App ids with a deployment that has not ended. */
  appsWithWork(): Promise<string[]>;
  /**
   * Adds a queued deployment and cancels, or marks for cancelling, the pushes it supersedes. While a revive of the same
   * release is unfinished it returns that one (`joined`).
   */
  request(request: DeploymentRequest): Promise<{ deployment: Deployment; joined: boolean }>;
  /** Moves along the table; null when the table forbids it from the state it is in, or it is to be cancelled. */
  advance(lease: Lease, id: string, event: DeploymentEvent, change?: Advance): Promise<Deployment | null>;
  /**
   * Counts how often the phase it is in was begun, and returns the count; `advance` sets it to 1. A worker that resumes
   * adds 1, one that stops in good order adds -1.
   */
  attempt(lease: Lease, id: string, by: 1 | -1): Promise<number>;
  /** Its release command has succeeded: it is not run again for this deployment. */
  releaseCommandDone(lease: Lease, id: string): Promise<Deployment>;
  /** LIVE, the one before REPLACED, the app's live release, all in one. */
  goLive(lease: Lease, id: string): Promise<Deployment>;
  /** FAILED with its mails. */
  fail(lease: Lease, id: string, failure: Failure, mails: readonly NewMail[]): Promise<Deployment>;
  /** CANCELLED, with the reason that was recorded when it was asked for. */
  cancelled(lease: Lease, id: string): Promise<Deployment>;
  /** Cancels at once what is queued, marks what runs. False when it can't be cancelled any more. */
  requestCancel(appId: string, id: string, reason: string): Promise<boolean>;
  /** Why it is to be cancelled; null when it is not. */
  cancelRequested(id: string): Promise<string | null>;
  /**
   * Forgets what ended before the newest `deployments` of the lease's app, with push, log and release, and the logs of what
   * ended before the newest `logs`. Not what is live, of a release in `kept`, or has an instance that is not off. At most
   * `limit` deployments; returns how many.
   */
  forget(lease: Lease, retention: Retention & { kept: readonly string[]; limit: number }): Promise<number>;
}

export interface Releases {
  create(lease: Lease, release: Omit<Release, 'createdAt' | 'liveAt' | 'retiredAt'>): Promise<Release>;
  get(id: string): Promise<Release | null>;
  list(appId: string): Promise<Release[]>;
}

export interface Images {
  byKey(appId: string, key: string): Promise<Image | null>;
  get(id: string): Promise<Image | null>;
  list(appId: string): Promise<Image[]>;
  create(lease: Lease, image: Omit<Image, 'createdAt'>): Promise<Image>;
  /** Its ref changed: the image was built again. */
  replaceRef(lease: Lease, id: string, ref: string): Promise<void>;
  remove(lease: Lease, id: string): Promise<void>;
}

export interface Instances {
  /** Those not off. */
  list(appId: string): Promise<Instance[]>;
  create(
    lease: Lease,
    instance: Omit<Instance, 'startedAt' | 'asleepSince' | 'ref' | 'address' | 'state'>,
  ): Promise<Instance>;
  update(
    lease: Lease,
    id: string,
    change: Partial<Pick<Instance, 'state' | 'ref' | 'address' | 'startedAt' | 'asleepSince'>>,
  ): Promise<void>;
}

export interface Logs {
  append(deploymentId: string, lines: readonly LogLine[]): Promise<void>;
  /** Lines after sequence `after`, oldest first, some thousand at most. */
  read(deploymentId: string, after: number): Promise<LogLine[]>;
  /** The last `count` lines. */
  tail(deploymentId: string, count: number): Promise<LogLine[]>;
  /** Sequence and size so far, to go on after a crash. */
  position(deploymentId: string): Promise<{ sequence: number; sizeBytes: number }>;
}

export interface NewMail {
  id: string;
  recipient: string;
  facts: MailFacts;
}

export interface OutboxMail extends NewMail {
  appId: string;
  attempts: number;
  createdAt: Date;
}

export interface Outbox {
  /** Mails of one app to one recipient that are due, oldest first; null when none is due. */
  due(): Promise<OutboxMail[] | null>;
  sentSince(appId: string, recipient: string, since: Date): Promise<{ single: number; digests: number }>;
  /** They went in one mail: one alone, or a digest, which may be of one too. */
  markSent(ids: readonly string[], how: { inDigest: boolean }): Promise<void>;
  postpone(ids: readonly string[], until: Date, error: string | null): Promise<void>;
  /** Milliseconds until the next mail is due; null when none waits. */
  nextDueMs(): Promise<number | null>;
  /** Forgets mails that were sent before `before`. */
  purge(before: Date): Promise<void>;
}

/** What changed; readers ask again. `resync`: events may have been missed. */
export type StoreEvent =
  | { kind: 'log'; deploymentId: string; sequence: number }
  | { kind: 'deployment'; appId: string; deploymentId: string }
  | { kind: 'app'; appId: string }
  | { kind: 'app-deleted'; appId: string }
  | { kind: 'cancel'; appId: string; deploymentId: string }
  /** Something new waits to be sent: mails or webhooks. */
  | { kind: 'outbox' }
  | { kind: 'resync' };

export interface Bus {
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
}

export interface Recipients {
  /** Addresses that want failure mails of an app. */
  ofFailures(appId: string): Promise<string[]>;
}

/** Traffic that one process has to add. */
export interface TrafficBatch {
  /** Names one life of one process. */
  writer: string;
  /** Grows with every batch of the writer; one that was added before counts no second time. */
  number: number;
  /** One entry per app, colour and minute. */
  minutes: readonly TrafficMinute[];
}

/** Figures per app, colour and minute; those of a deleted app go with it. */
export interface Traffic {
  /** Adds to what is there, in one step. Apps that are gone are left out. */
  add(batch: TrafficBatch): Promise<void>;
  /** An app's minutes from `from` on and before `to`, oldest first; only those with traffic. */
  read(appId: string, span: { from: Date; to: Date }): Promise<TrafficMinute[]>;
  /** Forgets minutes before `before`. */
  purge(before: Date): Promise<void>;
}

/** How many there are; kinds without any are left out. */
export interface StoreCounts {
  /** Those not off. */
  instances: Partial<Record<InstanceState, number>>;
  /** Those that have not ended. */
  deployments: Partial<Record<DeploymentState, number>>;
  images: number;
  apps: number;
}

export interface Census {
  take(): Promise<StoreCounts>;
  /** Id → name of every app. */
  appNames(): Promise<ReadonlyMap<string, string>>;
}

export interface Store {
  apps: Apps;
  domains: Domains;
  certificates: Certificates;
  pushes: Pushes;
  deployments: Deployments;
  releases: Releases;
  images: Images;
  instances: Instances;
  logs: Logs;
  leases: Leases;
  outbox: Outbox;
  recipients: Recipients;
  reservations: Reservations;
  traffic: Traffic;
  census: Census;
  bus: Bus;
}
