/** Answers of the API as tests need them. */
import type { AppView, DeploymentView } from '@teal/contracts';

export const NOW = new Date('2026-11-21T15:00:00Z');
const SETTINGS: AppView['settings'] = {
  gateDeadlineMs: 120_000,
  afterFlip: 'sleep',
  newerPush: 'cancel',
  scale: 1,
  memoryMib: 512,
  cpus: 1,
  maxProcesses: 512,
  httpsOnly: false,
};

/** `digits` filled up to a whole commit id. */
export function commit(digits: string): DeploymentView['commit'] {
  return { commit: digits.padEnd(40, '0'), author: 'Ada', message: 'Say hello' };
}

export function deployment(facts: Partial<DeploymentView> = {}): DeploymentView {
  return {
    id: 'deployment_1',
    appId: 'app_1',
    sequence: 1,
    trigger: 'push',
    state: 'live',
    commit: commit('b81d02e'),
    branch: 'main',
    pushOptions: [],
    requestedBy: 'ada',
    releaseId: null,
    colour: null,
    failure: null,
    cancelReason: null,
    createdAt: '2026-11-21T14:00:00.000Z',
    times: {},
    ...facts,
  };
}

export function app(facts: Partial<AppView> = {}): AppView {
  return {
    id: 'app_1',
    organisationId: 'orga_1',
    name: 'hello',
    state: 'live',
    url: 'http://hello.teal.localhost:8000/',
    secureUrl: null,
    domains: [{ name: 'hello.teal.localhost', primary: true, default: true }],
    maintenance: false,
    gitUrl: 'http://localhost:4000/git/hello.git',
    deployBranch: 'main',
    settings: SETTINGS,
    live: {
      deploymentId: 'deployment_1',
      releaseId: 'release_1',
      colour: 'green',
      commit: commit('b81d02e'),
      since: '2026-11-21T14:30:00.000Z',
    },
    previous: {
      releaseId: 'release_0',
      commit: commit('3f2c1a4'),
      liveAt: '2026-11-21T14:02:11.000Z',
      standing: 'asleep',
      environmentDiffers: false,
    },
    pools: { blue: null, green: null },
    running: null,
    lastDeployment: deployment(),
    pendingConfiguration: false,
    traffic: { minutes: 5, requests: 0, requestsPerMinute: 0, errorShare: null, p50Ms: null, p99Ms: null },
    createdAt: '2026-11-20T09:00:00.000Z',
    ...facts,
  };
}
