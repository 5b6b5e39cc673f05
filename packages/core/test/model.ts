/** Makers of the model's values, for the tests of the rules. */
import { type App, DEFAULT_SETTINGS, type Deployment, type Instance, type Release } from '../src/index.ts';

const facts = (commit: string) => ({ commit, tree: commit, author: 'A', message: `commit ${commit}` });
const EPOCH = new Date(0);

export function anApp(change: Partial<App> = {}): App {
  return {
    id: 'app_1',
    organisationId: 'orga_1',
    name: 'one',
    deployBranch: 'main',
    settings: { ...DEFAULT_SETTINGS },
    environment: {},
    stopped: false,
    liveReleaseId: null,
    maintenance: false,
    domains: [],
    createdAt: EPOCH,
    ...change,
  };
}

/** `liveAt` in milliseconds; null: never live. */
export function aRelease(
  id: string,
  { liveAt, commit = id, configuration = 'c' }: { liveAt: number | null; commit?: string; configuration?: string },
): Release {
  return {
    id,
    appId: 'app_1',
    imageId: `image-${id}`,
    commit: facts(commit),
    environment: {},
    settings: { ...DEFAULT_SETTINGS },
    releaseCommand: null,
    configurationDigest: configuration,
    createdAt: EPOCH,
    liveAt: liveAt === null ? null : new Date(liveAt),
    retiredAt: null,
  };
}

export function anInstance(id: string, change: Partial<Instance> & Pick<Instance, 'releaseId'>): Instance {
  return {
    id,
    appId: 'app_1',
    deploymentId: `deployment-${change.releaseId}`,
    number: 0,
    colour: 'blue',
    state: 'running',
    ref: `ref-${id}`,
    address: { host: '10.0.0.1', port: 8080 },
    startedAt: EPOCH,
    asleepSince: null,
    ...change,
  };
}

export function aDeployment(change: Partial<Deployment>): Deployment {
  return {
    id: 'deployment_1',
    appId: 'app_1',
    sequence: 1,
    trigger: 'push',
    state: 'building',
    commit: facts('a'),
    branch: 'main',
    pushOptions: [],
    requestedBy: 'admin',
    releaseId: null,
    colour: null,
    failure: null,
    cancelReason: null,
    attempts: 1,
    releaseCommandAt: null,
    createdAt: EPOCH,
    times: {},
    ...change,
  };
}
