/** The things Teal keeps: apps, releases, deployments, instances. Plain data, read from the store. */
import type { Colour } from './colour.ts';
import type { DeploymentState, DeploymentTrigger, Phase } from './deployment.ts';
import type { AppSettings } from './settings.ts';

export type Environment = Readonly<Record<string, string>>;

export interface App {
  id: string;
  organisationId: string;
  name: string;
  /** The branch whose pushes deploy; null until the first push has chosen `main` or `master`. */
  deployBranch: string | null;
  settings: AppSettings;
  environment: Environment;
  /** Stopped by a person; no release is live then. */
  stopped: boolean;
  liveReleaseId: string | null;
  /** Every request but the proof gets the maintenance page. */
  maintenance: boolean;
  /** Its own domains, oldest first; at most one is primary. */
  domains: readonly Domain[];
  createdAt: Date;
}

/** A host name that a person gave to an app, besides the default one that each has. */
export interface Domain {
  name: string;
  primary: boolean;
}

/** What a commit says of itself. `message` is its subject line. */
export interface CommitFacts {
  commit: string;
  tree: string;
  author: string;
  message: string;
}

export interface Image {
  id: string;
  appId: string;
  /** Digest over app, tree, recipe, base and build inputs: the same key means the same image. */
  key: string;
  /** The engine's own name of it: a tag on docker, a folder on process. */
  ref: string;
  createdAt: Date;
}

/** Image + environment + settings + checks, immutable. */
export interface Release {
  id: string;
  appId: string;
  imageId: string;
  commit: CommitFacts;
  environment: Environment;
  settings: AppSettings;
  /** The Procfile's `release:` line; null when there is none. */
  releaseCommand: string | null;
  /** Digest of environment and settings: tells a change of configuration from a change of commit. */
  configurationDigest: string;
  createdAt: Date;
  /** When it last became live; null when it never did. */
  liveAt: Date | null;
  /** When it last lost its traffic; null while live or never live. */
  retiredAt: Date | null;
}

export interface Failure {
  phase: Phase;
  code: string;
  /** One sentence for people. */
  reason: string;
}

export interface Deployment {
  id: string;
  appId: string;
  /** Order of acceptance over the whole platform; never ancestry of commits. */
  sequence: number;
  trigger: DeploymentTrigger;
  state: DeploymentState;
  commit: CommitFacts;
  branch: string | null;
  /** `git push -o` options, `key=value` or a bare word. */
  pushOptions: readonly string[];
  requestedBy: string;
  /** The release it makes or, for a revive, replays; null until the image is known. */
  releaseId: string | null;
  colour: Colour | null;
  failure: Failure | null;
  cancelReason: string | null;
  /** How often a worker has begun it. */
  attempts: number;
  /** When its release command succeeded; null when it has not, or there is none. */
  releaseCommandAt: Date | null;
  createdAt: Date;
  /** When each state was entered. */
  times: Readonly<Partial<Record<DeploymentState, Date>>>;
}

export interface Address {
  host: string;
  port: number;
}

export type InstanceState = 'starting' | 'running' | 'asleep' | 'off';

export interface Instance {
  id: string;
  appId: string;
  releaseId: string;
  /** The deployment it was started for; it keeps this id when a revive adopts it. */
  deploymentId: string;
  number: number;
  colour: Colour;
  state: InstanceState;
  /** The engine's own name of it; null until the engine has answered. */
  ref: string | null;
  address: Address | null;
  startedAt: Date | null;
  asleepSince: Date | null;
}
