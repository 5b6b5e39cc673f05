/** The store's things as the API shows them. */
import type {
  AppView,
  CommitView,
  DeploymentView,
  DomainView,
  InstanceUsageView,
  PoolView,
  PreviousView,
} from '@teal/contracts';
import {
  type App,
  COLOURS,
  type Colour,
  type CommitFacts,
  type Deployment,
  defaultHost,
  hostsOf,
  type Instance,
  isTerminal,
  previousRelease,
  type Release,
} from '@teal/core';
import { configurationDigest } from '@teal/deployer';
import type { OwnedApp, Within } from '@teal/store';
import { trafficSummary } from '../traffic.ts';

export interface Places {
  /** Apps have their default host below it. */
  domain: string;
  urlOf(app: Pick<App, 'name' | 'domains'>): string;
  /** Null without HTTPS. */
  secureUrlOf(app: Pick<App, 'name' | 'domains'>): string | null;
  gitUrlOf(app: Pick<App, 'name'>): string;
  /** What an instance used at the last look; null before there was one. */
  usageOf(instanceId: string): InstanceUsageView | null;
}

export function commitView({ commit, author, message }: CommitFacts): CommitView {
  return { commit, author, message };
}

export function deploymentView(deployment: Deployment): DeploymentView {
  const times = Object.entries(deployment.times).map(([state, at]) => [state, at.toISOString()]);
  return {
    id: deployment.id,
    appId: deployment.appId,
    sequence: deployment.sequence,
    trigger: deployment.trigger,
    state: deployment.state,
    commit: commitView(deployment.commit),
    branch: deployment.branch,
    pushOptions: [...deployment.pushOptions],
    requestedBy: deployment.requestedBy,
    releaseId: deployment.releaseId,
    colour: deployment.colour,
    failure: deployment.failure,
    cancelReason: deployment.cancelReason,
    createdAt: deployment.createdAt.toISOString(),
    times: Object.fromEntries(times),
  };
}

/** The primary one first. */
export function domainViews(app: App, platformDomain: string): DomainView[] {
  const byDefault = defaultHost(app, platformDomain);
  return hostsOf(app, platformDomain).map((name, index) => ({
    name,
    primary: index === 0,
    default: name === byDefault,
  }));
}

interface Facts {
  app: App;
  releases: Release[];
  instances: Instance[];
  live: Deployment | null;
  running: Deployment | null;
  last: Deployment | null;
  imageIds: Set<string>;
}

async function collect(within: Within, app: OwnedApp): Promise<Facts> {
  const [releases, instances, live, active, next, newest, images] = await Promise.all([
    within.releases.list(app),
    within.instances.list(app),
    within.deployments.live(app),
    within.deployments.active(app),
    within.deployments.next(app),
    within.deployments.list(app, { limit: 1, before: null }),
    within.images.list(app),
  ]);
  const imageIds = new Set(images.map((image) => image.id));
  return { app, releases, instances, live, running: active ?? next, last: newest[0] ?? null, imageIds };
}

function standingOf({ app, running }: Facts, instances: readonly Instance[]): PoolView['standing'] {
  const releaseId = instances[0]?.releaseId;
  if (releaseId === app.liveReleaseId) return 'live';
  if (running !== null && !isTerminal(running.state) && running.releaseId === releaseId) return 'starting';
  return instances.every((instance) => instance.state === 'asleep') ? 'asleep' : 'draining';
}

const STANDING_ORDER = ['live', 'starting', 'draining', 'asleep'] as const;

/** What never had traffic and is not about to get any is on its way out and no member of a pool. */
function isLeftOver({ releases }: Facts, releaseId: string, standing: PoolView['standing']): boolean {
  const isRouted = standing === 'live' || standing === 'starting';
  return !isRouted && releases.find((release) => release.id === releaseId)?.liveAt === null;
}

/** A colour may be held by a sleeping release and a starting one at once: the more awake one is shown. */
function poolView(facts: Facts, places: Pick<Places, 'usageOf'>, colour: Colour): PoolView | null {
  const byRelease = Map.groupBy(
    facts.instances.filter((i) => i.colour === colour),
    (instance) => instance.releaseId,
  );
  const candidates = [...byRelease]
    .map(([releaseId, instances]) => ({ releaseId, instances, standing: standingOf(facts, instances) }))
    .filter(({ releaseId, standing }) => !isLeftOver(facts, releaseId, standing))
    .sort((a, b) => STANDING_ORDER.indexOf(a.standing) - STANDING_ORDER.indexOf(b.standing));
  const [shown] = candidates;
  const release = facts.releases.find((entry) => entry.id === shown?.instances[0]?.releaseId);
  if (shown === undefined || release === undefined) return null;
  const { instances, standing } = shown;
  const since = {
    live: release.liveAt,
    starting: instances[0]?.startedAt,
    draining: release.retiredAt,
    asleep: instances[0]?.asleepSince,
  };
  return {
    colour,
    releaseId: release.id,
    deploymentId: (standing === 'live' ? facts.live?.id : undefined) ?? instances[0]?.deploymentId ?? '',
    commit: commitView(release.commit),
    standing,
    share: standing === 'live' ? 1 : 0,
    since: since[standing]?.toISOString() ?? null,
    instances: instances.map(({ id, number, state, startedAt }) => ({
      id,
      number,
      state,
      startedAt: startedAt?.toISOString() ?? null,
      usage: places.usageOf(id),
    })),
  };
}

function sameEnvironment(a: App['environment'], b: App['environment']): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}

function previousView({ app, releases, instances, imageIds }: Facts): PreviousView | null {
  const release = previousRelease(releases, app.liveReleaseId);
  if (release === null || release.liveAt === null) return null;
  const own = instances.filter((instance) => instance.releaseId === release.id);
  const there = own.length === 0 ? null : own.every((instance) => instance.state === 'asleep') ? 'asleep' : 'draining';
  return {
    releaseId: release.id,
    commit: commitView(release.commit),
    liveAt: release.liveAt.toISOString(),
    standing: there ?? (imageIds.has(release.imageId) ? 'off' : 'no-image'),
    environmentDiffers: !sameEnvironment(app.environment, release.environment),
  };
}

/** The live version runs with other variables or settings than the app has now. */
export function isConfigurationPending(app: App, live: Release | undefined): boolean {
  return live !== undefined && live.configurationDigest !== configurationDigest(app);
}

export async function appView(within: Within, places: Places, given: App): Promise<AppView> {
  const app = within.apps.adopt(given);
  const [facts, traffic] = await Promise.all([collect(within, app), trafficSummary(within, app, new Date())]);
  const { live } = facts;
  const liveRelease = facts.releases.find((release) => release.id === app.liveReleaseId);
  const [blue, green] = COLOURS.map((colour) => poolView(facts, places, colour));
  return {
    id: app.id,
    organisationId: app.organisationId,
    name: app.name,
    state: app.stopped ? 'stopped' : live === null ? 'empty' : 'live',
    url: places.urlOf(app),
    secureUrl: places.secureUrlOf(app),
    domains: domainViews(app, places.domain),
    maintenance: app.maintenance,
    gitUrl: places.gitUrlOf(app),
    deployBranch: app.deployBranch,
    settings: app.settings,
    live:
      live === null || live.releaseId === null
        ? null
        : {
            deploymentId: live.id,
            releaseId: live.releaseId,
            colour: live.colour ?? 'blue',
            commit: commitView(live.commit),
            since: (live.times.live ?? live.createdAt).toISOString(),
          },
    previous: previousView(facts),
    pools: { blue: blue ?? null, green: green ?? null },
    running: facts.running === null ? null : deploymentView(facts.running),
    lastDeployment: facts.last === null ? null : deploymentView(facts.last),
    pendingConfiguration: isConfigurationPending(app, liveRelease),
    traffic,
    createdAt: app.createdAt.toISOString(),
  };
}
