/** Rows of the database as the model's values. */
import {
  type App,
  type CommitFacts,
  DEFAULT_SETTINGS,
  type Deployment,
  type DeploymentState,
  type Image,
  type Instance,
  type Release,
} from '@teal/core';
import type { Push, StoredCertificate } from '@teal/deployer';
import { certificateKey, configurationDigest, openEnvironment } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';

// Rows come as the driver gives them; these functions are the one place that trusts their shape.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Row = Record<string, any>;

/** Lists of apps need no variables: those are opened when they are first read. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export const APP_COLUMNS = `id, organisation_id, name, deploy_branch, settings, environment, stopped, live_release_id, maintenance, created_at,
   (select coalesce(jsonb_agg(jsonb_build_object('name', d.name, 'primary', d.is_primary) order by d.created_at, d.name), '[]')
    from domains d where d.app_id = apps.id) as domains`;

export function toApp(row: Row, sealer: Sealer): App {
  const environment = once(() => openEnvironment(sealer, row.id, row.environment));
  return {
    id: row.id,
    organisationId: row.organisation_id,
    name: row.name,
    deployBranch: row.deploy_branch,
    // Rows may be older than a setting.
    settings: { ...DEFAULT_SETTINGS, ...row.settings },
    get environment() {
      return environment();
    },
    stopped: row.stopped,
    liveReleaseId: row.live_release_id,
    maintenance: row.maintenance,
    domains: row.domains,
    createdAt: row.created_at,
  };
}

export function toRelease(row: Row, sealer: Sealer): Release {
  const environment = once(() => openEnvironment(sealer, row.app_id, row.environment));
  return {
    id: row.id,
    appId: row.app_id,
    imageId: row.image_id,
    commit: row.commit as CommitFacts,
    get environment() {
      return environment();
    },
    settings: row.settings,
    releaseCommand: row.release_command,
    configurationDigest: configurationDigest.open(sealer, row.app_id, row.configuration_digest),
    createdAt: row.created_at,
    liveAt: row.live_at,
    retiredAt: row.retired_at,
  };
}

export function toImage(row: Row): Image {
  return { id: row.id, appId: row.app_id, key: row.key, ref: row.ref, createdAt: row.created_at };
}

export function toInstance(row: Row): Instance {
  return {
    id: row.id,
    appId: row.app_id,
    releaseId: row.release_id,
    deploymentId: row.deployment_id,
    number: row.number,
    colour: row.colour,
    state: row.state,
    ref: row.ref,
    address: row.host === null ? null : { host: row.host, port: row.port },
    startedAt: row.started_at,
    asleepSince: row.asleep_since,
  };
}

export function toDeployment(row: Row): Deployment {
  const times = Object.entries(row.times as Record<DeploymentState, string>).map(([state, at]) => [
    state,
    new Date(at),
  ]);
  return {
    id: row.id,
    appId: row.app_id,
    sequence: Number(row.sequence),
    trigger: row.trigger,
    state: row.state,
    commit: row.commit as CommitFacts,
    branch: row.branch,
    pushOptions: row.push_options,
    requestedBy: row.requested_by,
    releaseId: row.release_id,
    colour: row.colour,
    failure: row.failure,
    cancelReason: row.cancel_reason,
    attempts: row.attempts,
    releaseCommandAt: row.release_command_at,
    createdAt: row.created_at,
    times: Object.fromEntries(times),
  };
}

export function toPush(row: Row): Push {
  return {
    id: row.id,
    sequence: Number(row.sequence),
    appId: row.app_id,
    command: row.command,
    branch: row.branch,
    options: row.options,
    pushedBy: row.pushed_by,
    createdAt: row.created_at,
  };
}

export function toCertificate(row: Row, sealer: Sealer): StoredCertificate {
  return {
    id: row.id,
    names: row.names,
    issuer: row.issuer,
    fingerprint: row.fingerprint,
    notAfter: row.not_after,
    chainPem: row.chain_pem,
    keyPem: certificateKey.open(sealer, row.fingerprint, row.key_pem),
    createdAt: row.created_at,
  };
}
