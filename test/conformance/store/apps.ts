/** Apps, their variables, releases, images and instances. */
import { DEFAULT_SETTINGS } from '@teal/core';
import { expect, it } from 'vitest';
import { type MakeStore, newId, openFixture } from './fixture.ts';

export function appCases(make: MakeStore): void {
  it('are found by name and id, by their own organisation only', async () => {
    const { store, app, organisationId } = await openFixture(make);
    expect(await store.apps.find(organisationId, app.name)).toEqual(app);
    expect(await store.apps.find(organisationId, app.id)).toEqual(app);
    expect(await store.apps.find('orga_other', app.id)).toBeNull();
    expect(await store.apps.find(organisationId, 'a\u0000b')).toBeNull();
    expect(await store.apps.list(organisationId)).toEqual([app]);
    await expect(
      store.apps.create({ id: newId('app'), organisationId, name: app.name, settings: { ...DEFAULT_SETTINGS } }),
    ).rejects.toMatchObject({ code: 'app_name_taken' });
  });

  it('change variables and settings one by one', async () => {
    const { store, app } = await openFixture(make);
    await store.apps.changeEnvironment(app.id, { set: { A: '1', B: 'half \ud83d' }, unset: [] });
    const changed = await store.apps.changeEnvironment(app.id, { set: { C: '' }, unset: ['A', 'none'] });
    expect(changed.environment).toEqual({ B: 'half \ufffd', C: '' });
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => store.apps.changeEnvironment(app.id, { set: { [`V${i}`]: 'x' }, unset: [] })),
    );
    expect(Object.keys((await store.apps.get(app.id))?.environment ?? {})).toHaveLength(10);
    const settings = { ...app.settings, scale: 3 };
    expect(await store.apps.update(app.id, { settings })).toMatchObject({ settings, deployBranch: null });
    expect(await store.apps.update(app.id, { deployBranch: 'live' })).toMatchObject({ settings, deployBranch: 'live' });
    expect(await store.apps.update(app.id, { deployBranch: null })).toMatchObject({ deployBranch: null });
    await expect(store.apps.update(newId('app'), {})).rejects.toMatchObject({ code: 'app_not_found' });
  });

  it('that are being deleted are found by nobody but the worker, then leave nothing', async () => {
    const { store, app, organisationId, lease, goLive, events } = await openFixture(make);
    const { deployment } = await goLive();
    await store.logs.append(deployment.id, [{ sequence: 1, at: 0, phase: 'queued', source: 'teal', text: 'x' }]);
    await store.apps.markDeleting(app.id);
    expect(await store.apps.find(organisationId, app.name)).toBeNull();
    expect(await store.apps.list(organisationId)).toEqual([]);
    expect(await store.apps.isDeleting(app.id)).toBe(true);
    expect(await store.apps.ids()).toContain(app.id);
    expect(await store.deployments.appsWithWork()).toEqual([app.id]);
    await store.apps.remove(lease);
    expect(await store.leases.renew(lease, 60_000)).toBe(false);
    expect(await store.apps.ids()).not.toContain(app.id);
    expect(await store.deployments.get(deployment.id)).toBeNull();
    expect(await store.logs.read(deployment.id, 0)).toEqual([]);
    await expect.poll(() => events).toContainEqual({ kind: 'app-deleted', appId: app.id });
    const again = { id: newId('app'), organisationId, name: app.name, settings: { ...DEFAULT_SETTINGS } };
    expect(await store.apps.create(again)).toMatchObject({ name: app.name });
  });

  it('have instances that come, move, sleep and go', async () => {
    const { store, app, lease, goLive } = await openFixture(make);
    const { deployment, release } = await goLive();
    const id = newId('instance');
    const made = await store.instances.create(lease, {
      id,
      appId: app.id,
      releaseId: release.id,
      deploymentId: deployment.id,
      number: 0,
      colour: 'green',
    });
    expect(made).toMatchObject({ state: 'starting', ref: null, address: null, startedAt: null });
    const startedAt = new Date(1_000);
    await store.instances.update(lease, id, { state: 'running', ref: 'r', address: { host: 'h', port: 1 }, startedAt });
    await store.instances.update(lease, id, { state: 'asleep', asleepSince: new Date(2_000) });
    expect(await store.instances.list(app.id)).toEqual([
      { ...made, state: 'asleep', ref: 'r', address: { host: 'h', port: 1 }, startedAt, asleepSince: new Date(2_000) },
    ]);
    await store.instances.update(lease, id, { state: 'running', asleepSince: null });
    expect(await store.instances.list(app.id)).toMatchObject([{ state: 'running', asleepSince: null }]);
    await store.instances.update(lease, id, { state: 'off' });
    expect(await store.instances.list(app.id)).toEqual([]);
  });

  it('have images known by their key', async () => {
    const { store, app, lease } = await openFixture(make);
    const image = await store.images.create(lease, { id: newId('image'), appId: app.id, key: 'k', ref: 'r' });
    expect(await store.images.byKey(app.id, 'k')).toEqual(image);
    expect(await store.images.byKey('app_other', 'k')).toBeNull();
    await expect(store.images.create(lease, { ...image, id: newId('image') })).rejects.toThrow();
    await store.images.replaceRef(lease, image.id, 'r2');
    expect(await store.images.get(image.id)).toEqual({ ...image, ref: 'r2' });
    await store.images.remove(lease, image.id);
    expect(await store.images.list(app.id)).toEqual([]);
  });
}
