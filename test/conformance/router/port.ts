/** What every router does that the port alone can tell: the real ones and the simulation's. */
import type { Pool, Router } from '@teal/deployer';
import { expect, it } from 'vitest';
import { within } from './fixture.ts';

const APP = 'app_one';
const IDS = ['instance_one'];
const ADDRESS = { host: '127.0.0.1', port: 9 };
const LONG = { deadlineMs: 8_000, webSocketDeadlineMs: 8_000, signal: new AbortController().signal };

export interface RouterPortSubject {
  router: Router;
  /** Makes `instance_one` live in blue at the app, with one request in flight; returns what ends that, and its traffic. */
  busy(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const poolOf = (version: string, colour: Pool['colour'] = 'blue'): Pool => ({
  appId: APP,
  colour,
  releaseId: `release_${version}`,
  deploymentId: `deployment_${version}`,
  members: [{ instanceId: `instance_${version}`, address: ADDRESS }],
});

export function routerPortCases(make: () => Promise<RouterPortSubject>): void {
  async function using(run: (router: Router, subject: RouterPortSubject) => Promise<void>): Promise<void> {
    const subject = await make();
    await run(subject.router, subject).finally(() => subject.close());
  }

  it('says what it was told, and nothing of an app that was removed', () =>
    using(async (router) => {
      expect(await router.observe(APP)).toBeNull();
      expect(await router.listApps()).toEqual([]);
      await router.setPool(poolOf('one'));
      await router.setHosts(APP, ['one.test']);
      await router.setRoute(APP, { mode: 'up', live: 'blue' });
      const told = {
        route: { mode: 'up', live: 'blue' },
        hosts: ['one.test'],
        pools: { blue: poolOf('one'), green: null },
      };
      expect(await router.observe(APP)).toEqual(told);
      expect(await router.listApps()).toEqual([APP]);
      await router.removeApp(APP);
      await router.removeApp(APP);
      expect(await router.observe(APP)).toBeNull();
      expect(await router.listApps()).toEqual([]);
    }));

  it('replaces pools, hosts and routes, each alone', () =>
    using(async (router) => {
      await router.setPool(poolOf('one'));
      await router.setHosts(APP, ['one.test', 'two.test']);
      await router.setPool(poolOf('two', 'green'));
      await router.setRoute(APP, { mode: 'up', live: 'green' });
      await router.setHosts(APP, ['two.test']);
      await router.setPool({ ...poolOf('three'), members: [] });
      expect(await router.observe(APP)).toEqual({
        route: { mode: 'up', live: 'green' },
        hosts: ['two.test'],
        pools: { blue: { ...poolOf('three'), members: [] }, green: poolOf('two', 'green') },
      });
      await router.setRoute(APP, { mode: 'stopped' });
      expect((await router.observe(APP))?.route).toEqual({ mode: 'stopped' });
    }));

  it('is drained at once where nothing is in flight', () =>
    using(async (router) => {
      await router.setPool(poolOf('one'));
      expect(await router.inFlight(['instance_one', 'instance_unknown'])).toEqual({ requests: 0, webSockets: 0 });
      for (const ids of [['instance_one'], ['instance_unknown'], []])
        expect(await within(2_000, router.drained(ids, LONG))).toBe(true);
    }));

  it('is drained when the last request has ended', () =>
    using(async (router, { busy }) => {
      const end = await busy();
      expect((await router.inFlight(IDS)).requests).toBe(1);
      const drained = router.drained(IDS, LONG);
      await end();
      expect(await within(4_000, drained)).toBe(true);
      expect(await router.inFlight(IDS)).toEqual({ requests: 0, webSockets: 0 });
    }));

  it('gives up at the deadline', () =>
    using(async (router, { busy }) => {
      const end = await busy();
      expect(await within(4_000, router.drained(IDS, { ...LONG, deadlineMs: 100 }))).toBe(false);
      await end();
    }));

  it('gives up when its signal aborts', () =>
    using(async (router, { busy }) => {
      const end = await busy();
      const cancel = new AbortController();
      const drained = router.drained(IDS, { ...LONG, signal: cancel.signal });
      cancel.abort();
      expect(await within(4_000, drained)).toBe(false);
      await end();
    }));
}
