/** Deployments: asked for, moved along the table, ended; what is live and what was. */
import type { Deployment } from '@teal/core';
import { expect, it } from 'vitest';
import { failureFacts, type MakeStore, MEMBER, newId, openFixture } from './fixture.ts';

export function deploymentCases(make: MakeStore): void {
  it('are asked for once: a second revive of the same release joins the first', async () => {
    const { store, release, request, app, lease } = await openFixture(make);
    const one = await release('a');
    const two = await release('b');
    const clicks = await Promise.all(
      Array.from({ length: 5 }, () => request({ trigger: 'revive', releaseId: one.id, expectedLive: null })),
    );
    expect(new Set(clicks.map((click) => click.deployment.id)).size).toBe(1);
    expect(clicks.filter((click) => !click.joined)).toHaveLength(1);
    const id = (clicks[0] as { deployment: Deployment }).deployment.id;
    expect((await request({ trigger: 'revive', releaseId: two.id })).joined).toBe(false);
    await store.deployments.advance(lease, id, 'claimed-with-image');
    expect(await request({ trigger: 'start', releaseId: one.id })).toMatchObject({ joined: true, deployment: { id } });
    await store.deployments.requestCancel(app.id, id, 'no');
    expect((await request({ trigger: 'revive', releaseId: one.id })).joined).toBe(false);
  });

  it('are refused when something else is live than the caller saw', async () => {
    const { goLive, release, request, store, app } = await openFixture(make);
    const other = await release('z');
    await expect(
      request({ releaseId: other.id, trigger: 'revive', expectedLive: 'deployment_x' }),
    ).rejects.toMatchObject({
      code: 'live_changed',
    });
    const live = await goLive();
    await expect(request({ releaseId: other.id, trigger: 'revive', expectedLive: null })).rejects.toMatchObject({
      code: 'live_changed',
      facts: { live: live.deployment.id },
    });
    expect(await store.deployments.appsWithWork()).toEqual([]);
    const { deployment } = await request({ releaseId: other.id, trigger: 'revive', expectedLive: live.deployment.id });
    expect((await store.deployments.next(app.id))?.id).toBe(deployment.id);
  });

  it('are not asked for of an app that is being deleted', async () => {
    const { store, app, request } = await openFixture(make);
    await store.apps.markDeleting(app.id);
    await expect(request({})).rejects.toMatchObject({ code: 'app_not_found' });
  });

  it('move only along the table', async () => {
    const { store, lease, push, release } = await openFixture(make);
    const { deployments } = store;
    const { id } = await push();
    const made = await release();
    expect(await deployments.advance(lease, id, 'built')).toBeNull();
    expect(await deployments.advance(lease, id, 'claimed')).toMatchObject({ state: 'building', attempts: 1 });
    expect(await deployments.attempt(lease, id, 1)).toBe(2);
    expect(await deployments.attempt(lease, id, -1)).toBe(1);
    const starting = await deployments.advance(lease, id, 'built', { releaseId: made.id, colour: 'green' });
    expect(starting).toMatchObject({ state: 'starting', releaseId: made.id, colour: 'green', attempts: 1 });
    expect(await deployments.advance(lease, id, 'started')).toMatchObject({ releaseId: made.id, colour: 'green' });
    expect(await deployments.advance(lease, id, 'claimed')).toBeNull();
    await expect(deployments.goLive(lease, id)).rejects.toThrow(/does not take/);
    const switching = await deployments.advance(lease, id, 'gate-passed');
    expect(Object.keys(switching?.times ?? {}).sort()).toEqual([
      'building',
      'probing',
      'queued',
      'starting',
      'switching',
    ]);
    expect(switching?.times.queued).toBeInstanceOf(Date);
  });

  it('remember that their release command has succeeded', async () => {
    const { store, lease, push, release } = await openFixture(make);
    const { deployments } = store;
    const { id } = await push();
    const made = await release();
    expect((await store.releases.get(made.id))?.releaseCommand).toBe('node migrate.js');
    await deployments.advance(lease, id, 'claimed-with-image', { releaseId: made.id, colour: 'blue' });
    expect((await deployments.get(id))?.releaseCommandAt).toBeNull();
    expect(await deployments.releaseCommandDone(lease, id)).toMatchObject({ state: 'starting', attempts: 1 });
    expect((await deployments.get(id))?.releaseCommandAt).toBeInstanceOf(Date);
    const lost = { ...lease, token: lease.token + 1 };
    await expect(deployments.releaseCommandDone(lost, id)).rejects.toMatchObject({ code: 'lease_lost' });
  });

  it('do not go on once they are to be cancelled, but may still fail or end cancelled', async () => {
    const { store, app, lease, push } = await openFixture(make);
    const { deployments } = store;
    const first = await push('a');
    expect(await deployments.requestCancel(app.id, first.id, 'by admin')).toBe(true);
    expect(await deployments.get(first.id)).toMatchObject({ state: 'cancelled', cancelReason: 'by admin' });
    expect(await deployments.requestCancel(app.id, first.id, 'again')).toBe(false);

    const second = await push('b');
    await deployments.advance(lease, second.id, 'claimed');
    expect(await deployments.cancelRequested(second.id)).toBeNull();
    expect(await deployments.requestCancel(app.id, second.id, 'stop')).toBe(true);
    expect(await deployments.requestCancel(app.id, second.id, 'stop, I said')).toBe(true);
    expect(await deployments.cancelRequested(second.id)).toBe('stop');
    expect(await deployments.advance(lease, second.id, 'built')).toBeNull();
    expect(await deployments.cancelled(lease, second.id)).toMatchObject({ state: 'cancelled', cancelReason: 'stop' });

    const third = await push('c');
    await deployments.advance(lease, third.id, 'claimed');
    await deployments.requestCancel(app.id, third.id, 'stop');
    const failure = { phase: 'building' as const, code: 'build_failed', reason: 'nul \u0000 and half \ud83d' };
    expect(await deployments.fail(lease, third.id, failure, [])).toMatchObject({
      state: 'failed',
      failure: { reason: 'nul \ufffd and half \ufffd' },
    });
    await expect(deployments.requestCancel(app.id, newId('deployment'), 'x')).rejects.toMatchObject({
      code: 'deployment_not_found',
    });
  });

  it('cannot be cancelled once they switch', async () => {
    const { store, app, push, release, toSwitching, lease } = await openFixture(make);
    const deployment = await push();
    await toSwitching(deployment, (await release()).id);
    expect(await store.deployments.requestCancel(app.id, deployment.id, 'too late')).toBe(false);
    await push('b');
    expect(await store.deployments.cancelRequested(deployment.id)).toBeNull();
    expect(await store.deployments.goLive(lease, deployment.id)).toMatchObject({ state: 'live' });
  });

  it('are active one at a time per app', async () => {
    const { store, app, lease, push } = await openFixture(make);
    await store.apps.update(app.id, { settings: { ...app.settings, newerPush: 'wait' } });
    const first = await push('a');
    const second = await push('b');
    await store.deployments.advance(lease, first.id, 'claimed');
    await expect(store.deployments.advance(lease, second.id, 'claimed')).rejects.toThrow();
    expect((await store.deployments.active(app.id))?.id).toBe(first.id);
    expect((await store.deployments.next(app.id))?.id).toBe(second.id);
  });

  it('go live all in one: the one before is replaced, the release before retired', async () => {
    const { store, app, goLive, lease, request, toSwitching, release: makeRelease } = await openFixture(make);
    const one = await goLive('a');
    const two = await goLive('b');
    expect((await store.deployments.get(one.deployment.id))?.state).toBe('replaced');
    expect((await store.deployments.live(app.id))?.id).toBe(two.deployment.id);
    expect(await store.apps.get(app.id)).toMatchObject({ liveReleaseId: two.release.id, stopped: false });
    expect((await store.releases.get(one.release.id))?.retiredAt).toBeInstanceOf(Date);
    expect(await store.releases.get(two.release.id)).toMatchObject({ liveAt: expect.any(Date), retiredAt: null });

    const back = (await request({ trigger: 'revive', releaseId: one.release.id })).deployment;
    await toSwitching(back, one.release.id);
    await store.deployments.goLive(lease, back.id);
    expect(await store.releases.get(one.release.id)).toMatchObject({ retiredAt: null });
    const never = await makeRelease('n');
    const ordered = (await store.releases.list(app.id)).map((release) => release.id);
    expect(ordered).toEqual([one.release.id, two.release.id, never.id]);
  });

  it('of a stopped app are replaced, and its next makes it run again', async () => {
    const { store, app, goLive, lease } = await openFixture(make);
    const { deployment, release } = await goLive();
    await store.apps.setStopped(lease, 'ann stopped the app');
    expect(await store.apps.get(app.id)).toMatchObject({ stopped: true, liveReleaseId: null });
    expect((await store.deployments.get(deployment.id))?.state).toBe('replaced');
    expect((await store.releases.get(release.id))?.retiredAt).toBeInstanceOf(Date);
    await goLive('b');
    expect((await store.apps.get(app.id))?.stopped).toBe(false);
  });

  it('that are not live yet end with the stop of their app', async () => {
    const { store, lease, push, request, goLive } = await openFixture(make);
    await goLive();
    const running = await push('b');
    await store.deployments.advance(lease, running.id, 'claimed');
    const { deployment: queued } = await request({ trigger: 'platform-update' });
    await store.apps.setStopped(lease, 'ann stopped the app');
    expect(await store.deployments.get(queued.id)).toMatchObject({
      state: 'cancelled',
      cancelReason: 'ann stopped the app',
    });
    expect(await store.deployments.cancelRequested(running.id)).toBe('ann stopped the app');
  });

  it('that a dead worker left switching are told to end by the stop of their app', async () => {
    const { store, lease, push, toSwitching, release } = await openFixture(make);
    const switching = await push('b');
    await toSwitching(switching, (await release('b')).id);
    await store.apps.setStopped(lease, 'ann stopped the app');
    expect(await store.deployments.get(switching.id)).toMatchObject({ state: 'switching' });
    expect(await store.deployments.cancelRequested(switching.id)).toBe('ann stopped the app');
  });

  it('are listed newest first, page by page, and only as their own app', async () => {
    const { store, app, push } = await openFixture(make);
    const made: Deployment[] = [];
    for (const commit of ['a', 'b', 'c']) made.push(await push(commit));
    const first = await store.deployments.list(app.id, { limit: 2, before: null });
    expect(first.map((d) => d.id)).toEqual([made[2]?.id, made[1]?.id]);
    const rest = await store.deployments.list(app.id, { limit: 2, before: first[1]?.sequence ?? 0 });
    expect(rest.map((d) => d.id)).toEqual([made[0]?.id]);
    expect(await store.deployments.find('app_other', made[0]?.id ?? '')).toBeNull();
    expect(await store.deployments.find(app.id, 'a\u0000b')).toBeNull();
  });

  it('fail together with their mails, once', async () => {
    const { store, app, lease, push } = await openFixture(make);
    const { id } = await push();
    await store.deployments.advance(lease, id, 'claimed');
    expect(await store.recipients.ofFailures(app.id)).toEqual([MEMBER]);
    const mail = { id: newId('mail'), recipient: MEMBER, facts: failureFacts({ lastLines: ['\u0000 \ud83d'] }) };
    const failure = { phase: 'building' as const, code: 'build_failed', reason: 'no' };
    await store.deployments.fail(lease, id, failure, [mail]);
    await expect(store.deployments.fail(lease, id, failure, [{ ...mail, id: newId('mail') }])).rejects.toThrow();
    expect(
      (await store.outbox.due())?.map(({ id: mailId, facts }) => [mailId, 'lastLines' in facts && facts.lastLines]),
    ).toEqual([[mail.id, ['\ufffd \ufffd']]]);
  });
}
