/** Pushes: provisional, confirmed once, in the order of their acceptance. */
import type { AppSettings } from '@teal/core';
import { expect, it } from 'vitest';
import { facts, type MakeStore, newId, openFixture } from './fixture.ts';

export function pushCases(make: MakeStore): void {
  const stateOf = async (fixture: Awaited<ReturnType<typeof openFixture>>, id: string) =>
    (await fixture.store.deployments.get(id))?.state;
  const waitInLine = (fixture: Awaited<ReturnType<typeof openFixture>>) =>
    fixture.store.apps.update(fixture.app.id, {
      settings: { ...fixture.app.settings, newerPush: 'wait' } satisfies AppSettings,
    });

  it('deploys nothing until it is confirmed, then once, with the branch chosen', async () => {
    const { store, app, provisional } = await openFixture(make);
    const push = await provisional('master');
    expect(await store.pushes.get(push.id)).toEqual(push);
    expect(await store.pushes.listProvisional()).toEqual([push]);
    expect(await store.deployments.next(app.id)).toBeNull();
    const deployment = await store.pushes.confirm(push.id, newId('deployment'), facts('c'));
    expect(deployment).toMatchObject({
      appId: app.id,
      sequence: push.sequence,
      trigger: 'push',
      state: 'queued',
      commit: facts('c'),
      branch: 'master',
      pushOptions: ['no-cache'],
      requestedBy: 'admin',
    });
    expect(await store.pushes.listProvisional()).toEqual([]);
    expect((await store.apps.get(app.id))?.deployBranch).toBe('master');
    expect(await store.pushes.confirm(push.id, newId('deployment'), facts('d'))).toEqual(deployment);
    expect(await store.deployments.list(app.id, { limit: 10, before: null })).toHaveLength(1);
    expect(await store.deployments.appsWithWork()).toEqual([app.id]);
  });

  it('confirmed by many at once makes one deployment', async () => {
    const { store, app, provisional } = await openFixture(make);
    const push = await provisional();
    const made = await Promise.all(
      Array.from({ length: 6 }, () => store.pushes.confirm(push.id, newId('deployment'), facts())),
    );
    expect(new Set(made.map((deployment) => deployment?.id)).size).toBe(1);
    expect(await store.deployments.list(app.id, { limit: 10, before: null })).toHaveLength(1);
  });

  it('kept or dropped makes none, and what is confirmed is neither', async () => {
    const { store, app, provisional } = await openFixture(make);
    const kept = await provisional();
    const dropped = await provisional();
    await store.pushes.keep(kept.id);
    await store.pushes.drop(dropped.id);
    expect(await store.pushes.listProvisional()).toEqual([]);
    expect(await store.pushes.confirm(dropped.id, newId('deployment'), facts())).toBeNull();
    expect(await store.pushes.confirm(kept.id, newId('deployment'), facts())).toBeNull();
    expect(await store.deployments.appsWithWork()).toEqual([]);
    expect((await store.apps.get(app.id))?.deployBranch).toBeNull();
    const third = await provisional();
    const deployment = await store.pushes.confirm(third.id, newId('deployment'), facts());
    await store.pushes.drop(third.id);
    expect(await store.pushes.confirm(third.id, newId('deployment'), facts())).toEqual(deployment);
  });

  it('accepted first but confirmed last is history at once', async () => {
    const fixture = await openFixture(make);
    const { store, app, provisional, confirm } = fixture;
    const older = await provisional();
    const newer = await provisional();
    const second = await confirm(newer, 'b');
    const first = await confirm(older, 'a');
    expect(first).toMatchObject({ state: 'cancelled', cancelReason: expect.stringContaining('newer push') });
    expect(await stateOf(fixture, second.id)).toBe('queued');
    expect((await store.deployments.next(app.id))?.id).toBe(second.id);
  });

  it('confirmed after what a person chose later is history at once', async () => {
    const { store, app, lease, provisional, confirm, goLive, request, toSwitching } = await openFixture(make);
    const { release } = await goLive('l');
    const [first, second] = [await provisional(), await provisional()];
    const chosen = (await request({ trigger: 'revive', releaseId: release.id })).deployment;
    await toSwitching(chosen, release.id);
    await store.deployments.goLive(lease, chosen.id);
    const late = { state: 'cancelled', cancelReason: expect.stringContaining('a person chose') };
    expect(await confirm(first)).toMatchObject(late);
    const stopping = await provisional();
    await store.apps.setStopped(lease, 'ann stopped the app');
    expect(await confirm(stopping)).toMatchObject({ state: 'cancelled' });
    expect(await confirm(second)).toMatchObject({ state: 'cancelled' });
    expect(await store.deployments.next(app.id)).toBeNull();
    expect(await confirm(await provisional())).toMatchObject({ state: 'queued' });
  });

  it('confirmed after a person stopped the app starts nothing, one accepted after it does', async () => {
    const { store, app, lease, provisional, confirm, goLive } = await openFixture(make);
    await goLive('l');
    const before = await provisional();
    await store.apps.setStopped(lease, 'ann stopped the app');
    const after = await provisional();
    expect(await confirm(before)).toMatchObject({ state: 'cancelled' });
    expect(await confirm(after)).toMatchObject({ state: 'queued' });
    expect((await store.deployments.next(app.id))?.sequence).toBe(after.sequence);
  });

  it('ends queued pushes before it, and tells a running one to stop', async () => {
    const fixture = await openFixture(make);
    const { store, lease, push, events } = fixture;
    const running = await push('a');
    await store.deployments.advance(lease, running.id, 'claimed');
    const queued = (await fixture.request({ commit: 'b' })).deployment;
    expect(await store.deployments.cancelRequested(running.id)).toMatch(/superseded by b/);
    const newest = await push('c');
    expect(await store.deployments.get(queued.id)).toMatchObject({
      state: 'cancelled',
      cancelReason: 'superseded by ccccccc',
    });
    expect(await stateOf(fixture, newest.id)).toBe('queued');
    expect(await store.deployments.advance(lease, running.id, 'built')).toBeNull();
    expect(await store.deployments.cancelled(lease, running.id)).toMatchObject({ state: 'cancelled' });
    await expect.poll(() => events).toContainEqual({ kind: 'cancel', appId: fixture.app.id, deploymentId: running.id });
  });

  it('waits in line where the app says so', async () => {
    const fixture = await openFixture(make);
    await waitInLine(fixture);
    const first = await fixture.push('a');
    const second = await fixture.push('b');
    expect(await stateOf(fixture, first.id)).toBe('queued');
    expect((await fixture.store.deployments.next(fixture.app.id))?.id).toBe(first.id);
    expect(await stateOf(fixture, second.id)).toBe('queued');
  });

  it('waits for a revive that a person asked for', async () => {
    const fixture = await openFixture(make);
    const { release } = await fixture.goLive();
    const revive = (await fixture.request({ trigger: 'revive', releaseId: release.id })).deployment;
    const pushed = await fixture.push('b');
    expect(await stateOf(fixture, revive.id)).toBe('queued');
    expect(await fixture.store.deployments.cancelRequested(revive.id)).toBeNull();
    expect(await stateOf(fixture, pushed.id)).toBe('queued');
    expect((await fixture.store.deployments.next(fixture.app.id))?.id).toBe(revive.id);
  });

  it.each(['revive', 'start', 'redeploy'] as const)('gives way to a %s', async (trigger) => {
    const fixture = await openFixture(make);
    const pushed = await fixture.push('b');
    const releaseId = trigger === 'redeploy' ? undefined : (await fixture.release()).id;
    await fixture.request({ trigger, releaseId });
    expect(await fixture.store.deployments.get(pushed.id)).toMatchObject({
      state: 'cancelled',
      cancelReason: expect.stringContaining('superseded'),
    });
  });

  it('does not give way to a platform update, and a platform update does to anything', async () => {
    const fixture = await openFixture(make);
    const pushed = await fixture.push('a');
    const update = (await fixture.request({ trigger: 'platform-update' })).deployment;
    expect(await stateOf(fixture, pushed.id)).toBe('queued');
    const newer = await fixture.push('b');
    expect(await stateOf(fixture, update.id)).toBe('cancelled');
    expect(await stateOf(fixture, newer.id)).toBe('queued');
  });

  it('of an app that is being deleted makes no deployment', async () => {
    const { store, app, provisional } = await openFixture(make);
    const push = await provisional();
    await store.apps.markDeleting(app.id);
    expect(await store.pushes.confirm(push.id, newId('deployment'), facts())).toBeNull();
  });

  it('keeps a message that no database takes as it is', async () => {
    const { store, provisional } = await openFixture(make);
    const push = await provisional();
    const odd = { ...facts(), message: 'cut \ud83d', author: 'nul \u0000' };
    const made = await store.pushes.confirm(push.id, newId('deployment'), odd);
    expect(made?.commit).toMatchObject({ message: 'cut \ufffd', author: 'nul \ufffd' });
  });
}
