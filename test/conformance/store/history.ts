/** What is forgotten of old deployments, and what is kept whatever its age. */
import { expect, it } from 'vitest';
import { failureFacts, type MakeStore, newId, openFixture } from './fixture.ts';

const line = { sequence: 1, at: 0, phase: 'building', source: 'build', text: 'building' } as const;

export function historyCases(make: MakeStore): void {
  it('are forgotten beyond the newest, with push and release; what is live, kept, or has an instance stays', async () => {
    const { store, app, lease, goLive, push } = await openFixture(make);
    const first = await goLive('a');
    const asleep = await goLive('b');
    const kept = await goLive('c');
    const id = newId('instance');
    const { releaseId, deploymentId } = { releaseId: asleep.release.id, deploymentId: asleep.deployment.id };
    await store.instances.create(lease, { id, appId: app.id, releaseId, deploymentId, number: 0, colour: 'blue' });
    const off = newId('instance');
    await store.instances.create(lease, {
      id: off,
      appId: app.id,
      releaseId: first.release.id,
      deploymentId: first.deployment.id,
      number: 0,
      colour: 'blue',
    });
    await store.instances.update(lease, off, { state: 'off' });
    const live = await goLive('d');
    const failed = await push('e');
    await store.deployments.advance(lease, failed.id, 'claimed');
    await store.deployments.fail(lease, failed.id, failureFacts(), []);
    const queued = await push('f');
    const retention = { deployments: 1, logs: 1, kept: [kept.release.id], limit: 10 };
    expect(await store.deployments.forget(lease, retention)).toBe(2);
    const left = await store.deployments.list(app.id, { limit: 10, before: null });
    expect(left.map((one) => one.id)).toEqual(
      [queued, live.deployment, kept.deployment, asleep.deployment].map((one) => one.id),
    );
    expect(await store.releases.get(first.release.id)).toBeNull();
    expect(await store.releases.get(kept.release.id)).not.toBeNull();
    expect(await store.deployments.forget(lease, retention)).toBe(0);
  });

  it('are forgotten so many at a time, the oldest first', async () => {
    const { store, app, lease, goLive } = await openFixture(make);
    const made = [];
    for (const commit of ['a', 'b', 'c', 'd']) made.push((await goLive(commit)).deployment.id);
    const retention = { deployments: 1, logs: 1, kept: [], limit: 2 };
    expect(await store.deployments.forget(lease, retention)).toBe(2);
    const left = await store.deployments.list(app.id, { limit: 10, before: null });
    expect(left.map(({ id }) => id)).toEqual([made[3], made[2]]);
    expect(await store.deployments.forget(lease, retention)).toBe(1);
  });

  it('lose their log before they are forgotten', async () => {
    const { store, lease, goLive } = await openFixture(make);
    const old = await goLive('a');
    const live = await goLive('b');
    for (const { deployment } of [old, live]) await store.logs.append(deployment.id, [line]);
    expect(await store.deployments.forget(lease, { deployments: 10, logs: 1, kept: [], limit: 10 })).toBe(0);
    expect(await store.logs.read(old.deployment.id, 0)).toEqual([]);
    expect(await store.logs.read(live.deployment.id, 0)).toEqual([line]);
    expect(await store.deployments.get(old.deployment.id)).toMatchObject({ state: 'replaced' });
  });

  it('stay while the lease is not held', async () => {
    const { store, lease, goLive } = await openFixture(make);
    await goLive('a');
    await goLive('b');
    await store.leases.release(lease);
    const retention = { deployments: 1, logs: 1, kept: [], limit: 10 };
    await expect(store.deployments.forget(lease, retention)).rejects.toMatchObject({ code: 'lease_lost' });
  });
}
