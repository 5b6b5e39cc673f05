/** What every store's leases must do: one holder, a growing token, nothing done after the loss. */
import type { TealError } from '@teal/core';
import type { Lease } from '@teal/deployer';
import { expect, it } from 'vitest';
import { facts, type MakeStore, newId, openFixture } from './store/fixture.ts';
import { until } from './until.ts';

export function leaseCases(make: MakeStore): void {
  const open = async () => {
    const fixture = await openFixture(make);
    await fixture.store.leases.release(fixture.lease);
    const { leases } = fixture.store;
    const take = async (holder: string, ttlMs = 60_000) => leases.acquire(fixture.app.id, holder, ttlMs);
    const must = async (holder: string, ttlMs?: number) => (await take(holder, ttlMs)) as Lease;
    return { ...fixture, leases, take, must };
  };
  const lost = expect.objectContaining({ code: 'lease_lost' }) as TealError;

  it('has one holder at a time, whoever asks at once', async () => {
    const { take } = await open();
    const got = await Promise.all(Array.from({ length: 20 }, (_, i) => take(`worker-${i}`)));
    expect(got.filter((lease) => lease !== null)).toHaveLength(1);
    expect(await take('another')).toBeNull();
  });

  it('changes hands with a greater token every time', async () => {
    const { leases, must } = await open();
    const tokens: number[] = [];
    for (const holder of ['a', 'b', 'a']) {
      const lease = await must(holder);
      tokens.push(lease.token);
      await leases.release(lease);
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
  });

  it("is its holder's again when the answer to its question was lost, and the one before is over", async () => {
    const { leases, take, must } = await open();
    const unheard = await must('a');
    const heard = await must('a');
    expect(heard.token).toBeGreaterThan(unheard.token);
    expect(await leases.renew(unheard, 60_000)).toBe(false);
    await leases.release(unheard);
    expect(await leases.renew(heard, 60_000)).toBe(true);
    expect(await take('b')).toBeNull();
  });

  it('runs out, and cannot be renewed then; renewed in time it stays', async () => {
    const { leases, take, must } = await open();
    const first = await must('a', 150);
    expect(await take('b')).toBeNull();
    expect(await leases.renew(first, 150)).toBe(true);
    const second = await until('the lease runs out', () => take('b'));
    expect(second.token).toBeGreaterThan(first.token);
    expect(await leases.renew(first, 60_000)).toBe(false);
    expect(await leases.renew(second, 60_000)).toBe(true);
    expect(await take('a')).toBeNull();
  });

  it('is not renewed once it ran out, even while nobody else took it', async () => {
    const { leases, must } = await open();
    const lease = await must('a', 1);
    await until('it cannot be renewed', async () => !(await leases.renew(lease, 1)));
  });

  it("given back late does not end the next holder's", async () => {
    const { leases, take, must } = await open();
    const first = await must('a');
    await leases.release(first);
    const second = await must('b');
    await leases.release(first);
    expect(await take('c')).toBeNull();
    expect(await leases.renew(second, 60_000)).toBe(true);
  });

  it('is dropped with its dead process, but not with others', async () => {
    const { leases, take, must } = await open();
    const dead = await must('folder-1/123');
    await leases.drop('folder-2/');
    await leases.drop('older-1/');
    expect(await leases.renew(dead, 60_000)).toBe(true);
    await leases.drop('folder-1/');
    expect(await leases.renew(dead, 60_000)).toBe(false);
    expect((await take('folder-1/124'))?.token).toBeGreaterThan(dead.token);
  });

  it("touches its own app's rows only", async () => {
    const { store, app, goLive, organisationId, leases, must } = await open();
    const lease = await must('a');
    const { deployment, release } = await goLive('a', lease);
    const id = newId('instance');
    const rows = {
      appId: app.id,
      releaseId: release.id,
      deploymentId: deployment.id,
      number: 0,
      colour: 'blue' as const,
    };
    await store.instances.create(lease, { id, ...rows });
    const image = await store.images.get(release.imageId);
    const other = await store.apps.create({ ...app, id: newId('app'), organisationId, name: `${app.name}-2` });
    const foreign = (await leases.acquire(other.id, 'a', 60_000)) as Lease;
    await store.instances.update(foreign, id, { state: 'off' });
    await store.images.replaceRef(foreign, release.imageId, 'stolen');
    await store.images.remove(foreign, release.imageId);
    await store.deployments.attempt(foreign, deployment.id, 1).catch(() => {});
    expect(await store.instances.list(app.id)).toMatchObject([{ id, state: 'starting' }]);
    expect(await store.images.get(release.imageId)).toEqual(image);
    expect((await store.deployments.get(deployment.id))?.attempts).toBe(deployment.attempts);
  });

  it('lets nothing be written after it was lost', async () => {
    const { store, app, leases, must, push, release: _release } = await open();
    const old = await must('a');
    const deployment = await push();
    await leases.release(old);
    await must('b');
    const { deployments } = store;
    const failure = { phase: 'queued' as const, code: 'x', reason: 'x' };
    const image = { id: newId('image'), appId: app.id, key: 'k', ref: 'r' };
    const release = {
      id: newId('release'),
      appId: app.id,
      imageId: image.id,
      commit: facts(),
      environment: {},
      settings: app.settings,
      releaseCommand: null,
      configurationDigest: 'd',
    };
    const instance = {
      id: newId('instance'),
      appId: app.id,
      releaseId: release.id,
      deploymentId: deployment.id,
      number: 0,
      colour: 'blue' as const,
    };
    const writes = [
      () => deployments.advance(old, deployment.id, 'claimed'),
      () => deployments.attempt(old, deployment.id, 1),
      () => deployments.goLive(old, deployment.id),
      () => deployments.fail(old, deployment.id, failure, []),
      () => deployments.cancelled(old, deployment.id),
      () => store.images.create(old, image),
      () => store.images.replaceRef(old, image.id, 'x'),
      () => store.images.remove(old, image.id),
      () => store.releases.create(old, release),
      () => store.instances.create(old, instance),
      () => store.instances.update(old, instance.id, { state: 'off' }),
      () => store.apps.setStopped(old, 'ann stopped the app'),
      () => store.apps.remove(old),
    ];
    for (const write of writes) await expect(write()).rejects.toEqual(lost);
    expect(await deployments.get(deployment.id)).toMatchObject({ state: 'queued', attempts: deployment.attempts });
    expect(await store.images.list(app.id)).toEqual([]);
    expect((await store.apps.get(app.id))?.stopped).toBe(false);
  });
}
