/** What the API says of an app's pools. */
import { type App, type Colour, DEFAULT_SETTINGS, type Instance, type InstanceState, type Release } from '@teal/core';
import type { Within } from '@teal/store';
import { describe, expect, it } from 'vitest';
import { appView } from '../src/views/app.ts';

const AT = new Date('2026-01-01T12:00:00Z');
const PLACES = {
  domain: 'teal.localhost',
  secureUrlOf: () => null,
  urlOf: () => 'http://shop.test/',
  gitUrlOf: () => 'http://console.test/git/shop.git',
  usageOf: () => null,
};

const app = {
  id: 'app_1',
  name: 'shop',
  environment: {},
  settings: DEFAULT_SETTINGS,
  liveReleaseId: 'two',
  domains: [],
  maintenance: false,
  organisationId: 'orga_1',
  stopped: false,
  deployBranch: 'main',
  createdAt: AT,
} as App;

function release(id: string, liveAt: Date | null): Release {
  const commit = { commit: id, tree: id, author: 'Ada', message: id };
  const never = { createdAt: AT, liveAt, retiredAt: null };
  return {
    id,
    appId: app.id,
    imageId: id,
    commit,
    environment: {},
    settings: DEFAULT_SETTINGS,
    releaseCommand: null,
    configurationDigest: id,
    ...never,
  };
}

function instance(releaseId: string, colour: Colour, state: InstanceState): Instance {
  return {
    id: `instance_${releaseId}`,
    appId: app.id,
    releaseId,
    deploymentId: 'deployment_1',
    number: 0,
    colour,
    state,
    ref: null,
    address: null,
    startedAt: AT,
    asleepSince: null,
  };
}

function storeOf(releases: Release[], instances: Instance[]): Within {
  const nothing = async () => null;
  return {
    apps: { adopt: (given: App) => given },
    releases: { list: async () => releases },
    instances: { list: async () => instances },
    deployments: { live: nothing, active: nothing, next: nothing, list: async () => [] },
    images: { list: async () => [] },
    traffic: { read: async () => [] },
  } as unknown as Within;
}

describe('the pools of an app', () => {
  const releases = [release('one', AT), release('two', AT), release('three', null)];
  const live = instance('two', 'green', 'running');

  it('show the sleeping previous version, not the failed one that is being removed beside it', async () => {
    const store = storeOf(releases, [live, instance('one', 'blue', 'asleep'), instance('three', 'blue', 'running')]);
    const { pools } = await appView(store, PLACES, app);
    expect(pools.blue).toMatchObject({ releaseId: 'one', standing: 'asleep' });
    expect(pools.green).toMatchObject({ releaseId: 'two', standing: 'live', share: 1 });
  });

  it('show a replaced version as draining until it sleeps', async () => {
    const { pools } = await appView(storeOf(releases, [live, instance('one', 'blue', 'running')]), PLACES, app);
    expect(pools.blue).toMatchObject({ releaseId: 'one', standing: 'draining', share: 0 });
  });

  it('are empty where only a failed version is being removed', async () => {
    const { pools } = await appView(storeOf(releases, [live, instance('three', 'blue', 'running')]), PLACES, app);
    expect(pools.blue).toBeNull();
  });
});
