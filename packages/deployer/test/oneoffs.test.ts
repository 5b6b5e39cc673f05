import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_TIMING, type ObservedInstance } from '@teal/core';
import { openStore } from '@teal/store';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { MEMBER, newId, openFixture } from '../../../test/conformance/store/fixture.ts';
import { createLeaseKeeper } from '../src/leaseKeeper.ts';
import { createOneOffs } from '../src/oneOffs.ts';
import { createPlaces } from '../src/places.ts';
import type { Engine, InstanceSpec } from '../src/ports/engine.ts';
import { createReconciler } from '../src/reconcile.ts';
import type { WorkDeps } from '../src/workDeps.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

/** A real store, and an engine whose commands run until they are let go or stopped. */
async function open() {
  const store = await openStore(await postgres.migrated());
  onTestFinished(() => store.close());
  const organisationId = newId('orga');
  await store.accounts.initialise({
    platformId: newId('platform'),
    organisationId,
    userId: newId('user'),
    email: MEMBER,
    token: { id: newId('token'), name: 'x', prefix: 'x', hash: Buffer.from('x') },
  });
  const { app, lease } = await openFixture(async () => ({ store, organisationId }));
  await store.leases.release(lease);
  const present = new Map<string, { seen: ObservedInstance; end: (exitCode: number) => void }>();
  const engine = {
    list: async () => [...present.values()].map(({ seen }) => seen),
    async prepare({ instanceId, appId }: Parameters<Engine['prepare']>[0]) {
      const seen = { instanceId, appId, ref: instanceId, status: 'exited', address: null } as const;
      present.set(instanceId, { seen, end: () => {} });
      return instanceId;
    },
    async stop(ref: string) {
      present.get(ref)?.end(137);
      present.delete(ref);
    },
    async run({ instanceId, appId }: InstanceSpec) {
      const ended = Promise.withResolvers<number>();
      const seen = { instanceId, appId, ref: instanceId, status: 'running', address: null } as const;
      present.set(instanceId, { seen, end: ended.resolve });
      const exitCode = await ended.promise;
      present.delete(instanceId);
      return { exitCode };
    },
  } as unknown as Engine;
  const router = { observe: () => null, setHosts: () => {}, setRoute: () => {}, setPool: () => {} };
  const clock = {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    sleep: (ms: number, signal?: AbortSignal) => delay(ms, undefined, { signal, ref: false }).catch(() => {}),
  };
  const settings = { holder: `test/${randomUUID()}`, timing: DEFAULT_TIMING, hostsOf: () => ['app.test'] };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const ids = { newId };
  const context = { store, engine, router, settings, log, clock, ids };
  const oneOffs = createOneOffs({ engine });
  const keeper = createLeaseKeeper(context as unknown as WorkDeps['context']);
  onTestFinished(() => keeper.close());
  const places = createPlaces(context as unknown as WorkDeps['context'], () => {});
  const deps = { context, keeper, oneOffs, places } as unknown as WorkDeps;
  return { deps, app, engine, oneOffs, places, present };
}

it('a round of the reconciler leaves the one-offs of this process alone, and removes what a dead one left', async () => {
  const { deps, app, engine, oneOffs, present } = await open();
  const [mine, left] = [newId('instance'), newId('instance')];
  const once = { command: 'true', log: () => {}, signal: new AbortController().signal };
  const running = oneOffs.run({ instanceId: mine, appId: app.id } as InstanceSpec, once);
  const orphan = engine.run({ instanceId: left, appId: app.id } as InstanceSpec, once);
  const listed = await engine.list();
  const actions = await createReconciler(deps).reconcile(app.id, { listed, urgent: false });
  expect(actions).toContainEqual({ do: 'remove-unknown', ref: left, instanceId: left });
  expect(await orphan).toEqual({ exitCode: 137 });
  expect([...present.keys()]).toEqual([mine]);
  present.get(mine)?.end(0);
  expect(await running).toEqual({ exitCode: 0 });
  expect(oneOffs.isRunning(mine)).toBe(false);
});

it('a round leaves what is prepared for the instances of a running deployment, and removes it once nobody will use it', async () => {
  const { deps, app, engine, places, present } = await open();
  const mine = places.open(app.id);
  mine.prepare(deps.context, { ...app, settings: { scale: 2 } });
  const [used, unused] = [...present.keys()];
  const round = async () => createReconciler(deps).reconcile(app.id, { listed: await engine.list(), urgent: false });
  await round();
  expect([...present.keys()]).toEqual([used, unused]);
  expect(mine.next()).toBe(used);
  mine.taken(used ?? '');
  await mine.close(deps.context);
  expect([...present.keys()]).toEqual([used]);
  await round();
  expect([...present.keys()]).toEqual([]);
});
