/** Deployments that a person asks for: revive, start, redeploy, cancel. Adds the row; workers do the rest. */
import {
  type App,
  type Deployment,
  isCancellable,
  keptReleases,
  previousRelease,
  type Release,
  shortCommit,
  TealError,
} from '@teal/core';
import type { Context } from './context.ts';

type Deps = Pick<Context, 'store' | 'source' | 'queue' | 'ids'>;

export interface Requested {
  deployment: Deployment;
  /** Sentences about things that stopped nothing. */
  warnings: string[];
}

export interface ReviveRequest {
  requestedBy: string;
  /** Id of the live deployment the caller saw, null for none; undefined: whatever is live. */
  expectedLive?: string | null;
  /** A deployment whose release is meant; default: the previous one. */
  deploymentId?: string;
}

/**
 * Start last pushed commit. Throws `no_previous`, `release_not_kept`, `already_live`, `live_changed`. While a revive of the
 * same release runs, that one is returned.
 */
export async function reviveApp(deps: Deps, app: App, request: ReviveRequest): Promise<Requested> {
  const { store } = deps;
  const releases = await store.releases.list(app.id);
  const release =
    request.deploymentId === undefined
      ? previousRelease(releases, app.liveReleaseId)
      : await keptRelease(deps, { app, releases, deploymentId: request.deploymentId });
  if (release === null) {
    await checkExpectedLive(deps, app, request.expectedLive);
    throw new TealError('no_previous');
  }
  return enqueue(deps, app, { ...request, trigger: app.stopped ? 'start' : 'revive', release });
}

async function checkExpectedLive({ store }: Deps, app: App, expected: string | null | undefined): Promise<void> {
  const live = await store.deployments.live(app.id);
  if (expected !== undefined && expected !== (live?.id ?? null))
    throw new TealError('live_changed', { live: live?.id ?? 'nothing' });
}

async function keptRelease(
  { store }: Deps,
  { app, releases, deploymentId }: { app: App; releases: Release[]; deploymentId: string },
): Promise<Release> {
  const deployment = await store.deployments.find(app.id, deploymentId);
  if (deployment === null) throw new TealError('deployment_not_found', { id: deploymentId });
  const release = releases.find((entry) => entry.id === deployment.releaseId);
  if (release === undefined || !keptReleases(releases, app.liveReleaseId).has(release.id))
    throw new TealError('release_not_kept');
  if (release.id === app.liveReleaseId) throw new TealError('already_live');
  return release;
}

/** Starts the newest version that was live. Throws `app_not_stopped`, `nothing_pushed`. */
export async function startApp(deps: Deps, app: App, requestedBy: string): Promise<Requested> {
  if (!app.stopped) throw new TealError('app_not_stopped');
  const release = previousRelease(await deps.store.releases.list(app.id), null);
  if (release === null) throw new TealError('nothing_pushed');
  return enqueue(deps, app, { requestedBy, trigger: 'start', release });
}

async function enqueue(
  deps: Deps,
  app: App,
  { requestedBy, expectedLive, trigger, release }: ReviveRequest & { trigger: 'revive' | 'start'; release: Release },
): Promise<Requested> {
  const { deployment } = await deps.store.deployments.request({
    id: deps.ids.newId('deployment'),
    appId: app.id,
    trigger,
    commit: release.commit,
    branch: null,
    requestedBy,
    releaseId: release.id,
    expectedLive,
  });
  await deps.queue.appHasWork(app.id);
  const differs = JSON.stringify(sorted(app.environment)) !== JSON.stringify(sorted(release.environment));
  const warnings = differs
    ? [
        `The app's variables have changed since ${shortCommit(release.commit.commit)} ran: it starts with its own. "teal redeploy" applies today's.`,
      ]
    : [];
  return { deployment, warnings };
}

const sorted = (environment: App['environment']) => Object.entries(environment).sort();

/** Deploys a commit (default: the newest of the deploy branch) with today's variables and settings. */
export async function redeployApp(
  deps: Deps,
  app: App,
  { requestedBy, commit }: { requestedBy: string; commit?: string },
): Promise<Requested> {
  const { store, source, ids, queue } = deps;
  const wanted = commit ?? (app.deployBranch === null ? null : await source.head(app.id, app.deployBranch));
  if (wanted === null) throw new TealError('nothing_pushed');
  const facts = await source.describe(app.id, wanted);
  if (facts === null) throw new TealError('not_found', { what: `commit ${wanted}` });
  const { deployment } = await store.deployments.request({
    id: ids.newId('deployment'),
    appId: app.id,
    trigger: 'redeploy',
    commit: facts,
    branch: app.deployBranch,
    requestedBy,
    releaseId: null,
  });
  await queue.appHasWork(app.id);
  return { deployment, warnings: [] };
}

/** Throws `deployment_not_found`, `deployment_not_cancellable`. */
export async function cancelDeploymentOf(
  { store, queue }: Pick<Deps, 'store' | 'queue'>,
  app: App,
  { deploymentId, requestedBy }: { deploymentId: string; requestedBy: string },
): Promise<Deployment> {
  const found = await store.deployments.find(app.id, deploymentId);
  if (found === null) throw new TealError('deployment_not_found', { id: deploymentId });
  const possible =
    isCancellable(found.state) &&
    (await store.deployments.requestCancel(app.id, found.id, `cancelled by ${requestedBy}`));
  const now = (await store.deployments.find(app.id, deploymentId)) ?? found;
  if (!possible) throw new TealError('deployment_not_cancellable', { state: now.state });
  await queue.appHasWork(app.id);
  return now;
}
