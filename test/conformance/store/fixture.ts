/** What the store's suites stand on: an app, its lease, and deployments taken along their way. */
import { randomUUID } from 'node:crypto';
import { type CommitFacts, DEFAULT_SETTINGS, type Deployment, formatId, type IdKind } from '@teal/core';
import type { FailureFacts, Lease, Store, StoreEvent } from '@teal/deployer';

export interface StoreUnderTest {
  store: Store;
  /** An organisation with one member, {@link MEMBER}. */
  organisationId: string;
}

/** Makes an empty store, and cleans up after the test. */
export type MakeStore = () => Promise<StoreUnderTest>;

export const MEMBER = 'member@example.test';
const TTL_MS = 60_000;

export const newId = (kind: IdKind) => formatId(kind, randomUUID());

export function facts(commit = 'a'): CommitFacts {
  return { commit: commit.repeat(40).slice(0, 40), tree: 'b'.repeat(40), author: 'A', message: `commit ${commit}` };
}

export function failureFacts(change: Partial<FailureFacts> = {}): FailureFacts {
  return {
    deploymentId: 'deployment_x',
    appName: 'one',
    commit: facts(),
    trigger: 'push',
    requestedBy: 'admin',
    phase: 'building',
    code: 'build_failed',
    reason: 'The build failed: npm ci.',
    lastLines: ['line'],
    stillServes: null,
    link: 'http://localhost/x',
    failedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

export async function openFixture(make: MakeStore) {
  const { store, organisationId } = await make();
  const app = await store.apps.create({
    id: newId('app'),
    organisationId,
    name: `app-${randomUUID().slice(0, 8)}`,
    settings: { ...DEFAULT_SETTINGS },
  });
  const events: StoreEvent[] = [];
  store.bus.subscribe((event) => events.push(event));
  const lease = (await store.leases.acquire(app.id, 'tester', TTL_MS)) as Lease;
  const { deployments, pushes } = store;

  const provisional = (branch = 'main') =>
    pushes.provisional({
      id: newId('push'),
      appId: app.id,
      command: { oldCommit: '0'.repeat(40), newCommit: facts().commit, ref: `refs/heads/${branch}` },
      branch,
      options: ['no-cache'],
      pushedBy: 'admin',
    });
  const confirm = async (push: { id: string }, commit = 'a') =>
    (await pushes.confirm(push.id, newId('deployment'), facts(commit))) as Deployment;
  const push = async (commit = 'a') => confirm(await provisional(), commit);

  /** Asked for by a person. */
  const request = async (
    change: {
      trigger?: 'redeploy' | 'revive' | 'start' | 'platform-update';
      releaseId?: string;
      expectedLive?: string | null;
      commit?: string;
    } = {},
  ) =>
    deployments.request({
      id: newId('deployment'),
      appId: app.id,
      trigger: change.trigger ?? 'redeploy',
      commit: facts(change.commit),
      branch: 'main',
      requestedBy: 'admin',
      releaseId: change.releaseId ?? null,
      expectedLive: change.expectedLive,
    });

  const release = async (commit = 'a', under = lease) => {
    const image = await store.images.create(under, {
      id: newId('image'),
      appId: app.id,
      key: randomUUID(),
      ref: 'ref',
    });
    return store.releases.create(under, {
      id: newId('release'),
      appId: app.id,
      imageId: image.id,
      commit: facts(commit),
      environment: { A: '1' },
      settings: { ...DEFAULT_SETTINGS },
      releaseCommand: 'node migrate.js',
      configurationDigest: 'digest',
    });
  };
  const toSwitching = async (deployment: Deployment, releaseId: string, under = lease) => {
    await deployments.advance(under, deployment.id, 'claimed-with-image', { releaseId, colour: 'blue' });
    await deployments.advance(under, deployment.id, 'started');
    return deployments.advance(under, deployment.id, 'gate-passed');
  };
  const goLive = async (commit = 'a', under = lease) => {
    const deployment = await push(commit);
    const made = await release(commit, under);
    await toSwitching(deployment, made.id, under);
    return { deployment: await deployments.goLive(under, deployment.id), release: made };
  };
  return {
    store,
    app,
    lease,
    organisationId,
    events,
    provisional,
    confirm,
    push,
    request,
    release,
    toSwitching,
    goLive,
  };
}
