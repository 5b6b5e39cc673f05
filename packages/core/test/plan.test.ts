import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  type Colour,
  type Deployment,
  type Desired,
  desiredRoute,
  disposableImages,
  type Instance,
  type Observed,
  type ObservedInstance,
  type ObservedPool,
  planApp,
  type Release,
  type Route,
} from '../src/index.ts';
import { aDeployment, anApp, anInstance, aRelease } from './model.ts';

interface World {
  desired: Desired;
  observed: Observed;
}

/** What each action does to database, engine and router, as the deployer carries it out; `retire` ends asleep. */
function act({ desired, observed }: World, action: Action): World {
  const change = (id: string, to: Partial<Instance>): Desired => ({
    ...desired,
    instances: desired.instances.map((i) => (i.id === id ? { ...i, ...to } : i)),
  });
  switch (action.do) {
    case 'remove-unknown':
      return { desired, observed: { ...observed, instances: observed.instances.filter((i) => i.ref !== action.ref) } };
    case 'mark-off':
      return { desired: change(action.instanceId, { state: 'off' }), observed };
    case 'mark-running':
      return { desired: change(action.instanceId, { state: 'running', asleepSince: null }), observed };
    case 'take-address':
      return { desired: change(action.instanceId, { address: action.address }), observed };
    case 'complete-live':
      return completeLive({ desired, observed }, action.releaseId);
    case 'set-restart':
      return {
        desired,
        observed: { ...observed, restarting: new Set([...observed.restarting, action.instanceId]) },
      };
    case 'fill-pool':
      return fillPool({ desired, observed }, action.releaseId);
    case 'empty-pool':
      return emptyPool({ desired, observed }, action.colour);
    case 'set-hosts':
      return { desired, observed: { ...observed, hosts: action.hosts } };
    case 'set-route':
      return routed({ desired, observed });
    case 'retire':
      return putToSleep({ desired, observed }, action.releaseId);
  }
}

function fillPool({ desired, observed }: World, releaseId: string): World {
  const running = desired.instances.filter((i) => i.releaseId === releaseId && i.state === 'running');
  const colour = running[0]?.colour;
  if (colour === undefined) return { desired, observed };
  const members = running.map(({ id, address }) => ({ instanceId: id, address: address ?? { host: '', port: 0 } }));
  const pool = { releaseId, deploymentId: desired.live?.id ?? '', members };
  return { desired, observed: { ...observed, pools: { ...observed.pools, [colour]: pool } } };
}

function emptyPool({ desired, observed }: World, colour: Colour): World {
  const pool = observed.pools[colour];
  const emptied = pool === null ? null : { ...pool, members: [] };
  return { desired, observed: { ...observed, pools: { ...observed.pools, [colour]: emptied } } };
}

/** Rows that are there run, what is missing is made; then all get their restart policy, their pool and their route. */
function completeLive({ desired, observed }: World, releaseId: string): World {
  const rows = desired.instances.filter((i) => i.releaseId === releaseId && i.state !== 'off');
  const scale = desired.releases.find(({ id }) => id === releaseId)?.settings.scale ?? 1;
  const fresh = Array.from({ length: Math.max(0, scale - rows.length) }, (_, i) =>
    anInstance(`fresh-${i}`, { releaseId }),
  );
  const started = [...rows, ...fresh].map((row) => ({ ...row, state: 'running' as const }));
  const others = desired.instances.filter((i) => !started.some((row) => row.id === i.id));
  const seen = started.map((i) => ({ ...seenAs(i, 'running') }));
  const rest = observed.instances.filter((i) => !started.some((row) => row.id === i.instanceId));
  const filled = fillPool(
    {
      desired: { ...desired, instances: [...others, ...started] },
      observed: {
        ...observed,
        instances: [...rest, ...seen],
        restarting: new Set([...observed.restarting, ...started.map(({ id }) => id)]),
      },
    },
    releaseId,
  );
  return routed(filled);
}

function routed({ desired, observed }: World): World {
  return { desired, observed: { ...observed, route: desiredRoute(desired.app, desired.instances) } };
}

function putToSleep({ desired, observed }: World, releaseId: string): World {
  const left = (pool: ObservedPool | null) => (pool?.releaseId === releaseId ? { ...pool, members: [] } : pool);
  const sleepy = new Set(desired.instances.filter((i) => i.releaseId === releaseId).map((i) => i.id));
  return {
    desired: {
      ...desired,
      instances: desired.instances.map((i) => (sleepy.has(i.id) && i.state !== 'off' ? { ...i, state: 'asleep' } : i)),
    },
    observed: {
      ...observed,
      instances: observed.instances.map((i) => (sleepy.has(i.instanceId) ? { ...i, status: 'frozen' } : i)),
      pools: { blue: left(observed.pools.blue), green: left(observed.pools.green) },
    },
  };
}

const seenAs = (instance: Instance, status: ObservedInstance['status']): ObservedInstance => ({
  instanceId: instance.id,
  appId: instance.appId,
  ref: `ref-${instance.id}`,
  status,
  address: status === 'exited' ? null : instance.address,
});

const HOSTS = ['one.example.org', 'one.teal.localhost'];
const NOTHING: Observed = {
  instances: [],
  route: null,
  hosts: HOSTS,
  pools: { blue: null, green: null },
  restarting: new Set(['i0']),
  givenUp: new Set(),
};
const AT = { host: '10.0.0.1', port: 8080 };
const aPool = (releaseId: string, ...ids: string[]): ObservedPool => ({
  releaseId,
  deploymentId: 'live',
  members: ids.map((instanceId) => ({ instanceId, address: AT })),
});
const world = (desired: Partial<Desired>, observed: Partial<Observed> = {}): World => ({
  desired: { app: anApp(), hosts: HOSTS, releases: [], instances: [], active: null, live: { id: 'live' }, ...desired },
  observed: { ...NOTHING, ...observed },
});
const plan = ({ desired, observed }: World) => planApp(desired, observed);
const settle = (start: World) => plan(start).reduce(act, start);

const releaseIds = ['live', 'previous', 'older', 'green'];
const seen = fc.constantFrom<ObservedInstance['status'] | 'missing'>('running', 'frozen', 'exited', 'missing');
const instances = fc.array(
  fc.record({
    releaseId: fc.constantFrom(...releaseIds),
    state: fc.constantFrom<Instance['state']>('starting', 'running', 'asleep', 'off'),
    seen,
    moved: fc.boolean(),
  }),
  { maxLength: 6 },
);
const route = fc.constantFrom<Route | null>(
  null,
  { mode: 'empty' },
  { mode: 'stopped' },
  { mode: 'up', live: 'blue' },
  { mode: 'up', live: 'green' },
);
const pool = fc.constantFrom<ObservedPool | null>(
  null,
  aPool('live'),
  aPool('live', 'i0'),
  aPool('live', 'i0', 'i1'),
  aPool('previous', 'i0'),
  aPool('gone', 'stranger'),
  { ...aPool('live', 'i0'), deploymentId: 'earlier' },
);
const ids = fc.array(fc.constantFrom('i0', 'i1', 'i2')).map((drawn) => new Set(drawn));
const active = fc.constantFrom<Deployment | null>(
  null,
  aDeployment({}),
  aDeployment({ state: 'probing', releaseId: 'green' }),
  aDeployment({ state: 'switching', releaseId: 'green' }),
);
const COLOUR_OF: Record<string, Colour> = { live: 'blue', previous: 'green', older: 'blue', green: 'green' };

const scaled = (release: Release, scale: number): Release => ({
  ...release,
  settings: { ...release.settings, scale },
});

const worlds = fc
  .record({
    instances,
    route,
    blue: pool,
    green: pool,
    active,
    restarting: ids,
    givenUp: ids,
    scale: fc.constantFrom(1, 2),
    mode: fc.constantFrom('live', 'stopped', 'empty'),
  })
  .map((drawn): World => {
    const rows = drawn.instances.map(({ releaseId, state }, i) =>
      anInstance(`i${i}`, { releaseId, state, colour: COLOUR_OF[releaseId] ?? 'blue' }),
    );
    const engine = drawn.instances.flatMap(({ seen: status, moved }, i) => {
      const row = rows[i];
      if (row === undefined || status === 'missing') return [];
      const found = seenAs(row, status);
      return [moved && found.address !== null ? { ...found, address: { host: '10.0.0.9', port: 1 } } : found];
    });
    return world(
      {
        app: anApp({ liveReleaseId: drawn.mode === 'live' ? 'live' : null, stopped: drawn.mode === 'stopped' }),
        releases: releaseIds.map((id, i) => scaled(aRelease(id, { liveAt: i }), drawn.scale)),
        instances: rows,
        active: drawn.active,
      },
      {
        instances: engine,
        route: drawn.route,
        pools: { blue: drawn.blue, green: drawn.green },
        restarting: drawn.restarting,
        givenUp: drawn.givenUp,
      },
    );
  });

describe('the plan for one app', () => {
  it('is empty once it was carried out, from anywhere', () => {
    fc.assert(
      fc.property(worlds, (start) => {
        const after = settle(start);
        expect(plan(after)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never ends what the database knows, and never touches the instances of the running deployment', () => {
    fc.assert(
      fc.property(worlds, (start) => {
        const rows = new Map(start.desired.instances.map((i) => [i.id, i]));
        for (const action of plan(start)) {
          if (action.do === 'remove-unknown' && rows.get(action.instanceId)?.state !== 'off') {
            expect(start.observed.instances.find((i) => i.ref === action.ref)?.status).toBe('exited');
          }
          if ('instanceId' in action && action.do !== 'remove-unknown') {
            expect(rows.get(action.instanceId)?.releaseId).not.toBe(start.desired.active?.releaseId ?? 'none');
          }
          if (action.do === 'retire')
            expect([start.desired.app.liveReleaseId, start.desired.active?.releaseId]).not.toContain(action.releaseId);
        }
      }),
    );
  });

  it('gives the router the hosts it does not have, in whatever order it has them', () => {
    const isSetHosts = (action: Action) => action.do === 'set-hosts';
    expect(plan(world({}, { hosts: [...HOSTS].reverse() })).some(isSetHosts)).toBe(false);
    for (const hosts of [null, [], HOSTS.slice(1), [...HOSTS, 'gone.test']])
      expect(plan(world({}, { hosts })).filter(isSetHosts)).toEqual([{ do: 'set-hosts', hosts: HOSTS }]);
  });

  it('corrects a route that differs in its flags alone', () => {
    const observed: Partial<Observed> = { route: { mode: 'empty' } };
    const app = anApp({ maintenance: true });
    const route = { mode: 'empty', maintenance: true } as const;
    expect(plan(world({ app }, observed))).toEqual([{ do: 'set-route', route }]);
    expect(plan(world({ app }, { route }))).toEqual([]);
  });

  it('brings a live version that is there to its traffic', () => {
    const row = anInstance('i0', { releaseId: 'live', colour: 'green' });
    const start = world(
      { app: anApp({ liveReleaseId: 'live' }), instances: [row] },
      { instances: [seenAs(row, 'running')] },
    );
    expect(plan(start)).toEqual([
      { do: 'fill-pool', colour: 'green', releaseId: 'live' },
      { do: 'set-route', route: { mode: 'up', live: 'green' } },
    ]);
  });

  it('starts a live version that is gone, and routes to it even where the route was empty', () => {
    const row = anInstance('i0', { releaseId: 'live' });
    const start = world({ app: anApp({ liveReleaseId: 'live' }), instances: [row] }, { route: { mode: 'empty' } });
    expect(plan(start).map((action) => action.do)).toEqual(['mark-off', 'complete-live']);
    expect(settle(start).observed.route).toEqual({ mode: 'up', live: 'blue' });
  });

  it('finishes the start of a live version that a crash broke off', () => {
    const row = anInstance('i0', { releaseId: 'live', state: 'starting', ref: null });
    const start = world(
      { app: anApp({ liveReleaseId: 'live' }), instances: [row] },
      { instances: [seenAs(row, 'running')] },
    );
    expect(plan(start).map((action) => action.do)).toContain('complete-live');
    expect(settle(start).observed.pools.blue?.members).toMatchObject([{ instanceId: 'i0' }]);
  });

  it('fills the pool again with a member that came back at another address', () => {
    const row = anInstance('i0', { releaseId: 'live' });
    const address = { host: '10.0.0.9', port: 1 };
    const start = world(
      { app: anApp({ liveReleaseId: 'live' }), instances: [row] },
      {
        instances: [{ ...seenAs(row, 'running'), address }],
        route: { mode: 'up', live: 'blue' },
        pools: { blue: aPool('live', 'i0'), green: null },
      },
    );
    expect(plan(start)).toEqual([
      { do: 'take-address', instanceId: 'i0', address },
      { do: 'fill-pool', colour: 'blue', releaseId: 'live' },
    ]);
  });

  it('puts to sleep again what runs although its row says asleep', () => {
    const row = anInstance('i0', { releaseId: 'previous', state: 'asleep' });
    const start = world({ instances: [row] }, { instances: [seenAs(row, 'running')], route: { mode: 'empty' } });
    expect(plan(start)).toEqual([
      { do: 'mark-running', instanceId: 'i0' },
      { do: 'retire', releaseId: 'previous' },
    ]);
  });

  it('gives the route back to what is live after a switch that was cut short', () => {
    const blue = anInstance('i0', { releaseId: 'live' });
    const green = anInstance('i1', { releaseId: 'green', colour: 'green' });
    const start = world(
      {
        app: anApp({ liveReleaseId: 'live' }),
        instances: [blue, green],
        active: aDeployment({ state: 'switching', releaseId: 'green' }),
      },
      {
        instances: [seenAs(blue, 'running'), seenAs(green, 'running')],
        route: { mode: 'up', live: 'green' },
        pools: { blue: aPool('live', 'i0'), green: aPool('green', 'i1') },
      },
    );
    expect(plan(start)).toEqual([{ do: 'set-route', route: { mode: 'up', live: 'blue' } }]);
  });

  it('makes a live version whole of which too little runs, and leaves what runs alone', () => {
    const rows = ['i0', 'i1'].map((id) => anInstance(id, { releaseId: 'live' }));
    const [first, second] = rows as [Instance, Instance];
    const of = (instances: ObservedInstance[], more: Partial<Observed> = {}) =>
      plan(
        world(
          {
            app: anApp({ liveReleaseId: 'live' }),
            instances: rows,
            releases: [scaled(aRelease('live', { liveAt: 1 }), 2)],
          },
          {
            instances,
            route: { mode: 'up', live: 'blue' },
            pools: { blue: aPool('live', 'i0', 'i1'), green: null },
            restarting: new Set(['i0', 'i1']),
            ...more,
          },
        ),
      );
    const runs = seenAs(first, 'running');
    const complete: Action = { do: 'complete-live', releaseId: 'live' };
    const fill: Action = { do: 'fill-pool', colour: 'blue', releaseId: 'live' };
    expect(of([runs, seenAs(second, 'running')])).toEqual([]);
    expect(of([runs, seenAs(second, 'frozen')])).toEqual([complete, fill]);
    expect(of([runs])).toEqual([{ do: 'mark-off', instanceId: 'i1' }, complete, fill]);
    const ended = seenAs(second, 'exited');
    expect(of([runs, ended])).toEqual([]);
    expect(of([runs, ended], { givenUp: new Set(['i1']) })).toEqual([
      { do: 'remove-unknown', ref: ended.ref, instanceId: 'i1' },
      { do: 'mark-off', instanceId: 'i1' },
      complete,
      fill,
    ]);
    expect(of([runs, seenAs(second, 'running')], { restarting: new Set(['i0']) })).toEqual([
      { do: 'set-restart', instanceId: 'i1', ref: 'ref-i1' },
    ]);
  });

  it('empties a pool that a late step has filled with what nothing routes to', () => {
    const observed: Partial<Observed> = { route: { mode: 'empty' }, pools: { blue: null, green: aPool('gone', 'i9') } };
    expect(plan(world({}, observed))).toEqual([{ do: 'empty-pool', colour: 'green' }]);
    expect(plan(world({ active: aDeployment({ state: 'switching', releaseId: 'gone' }) }, observed))).toEqual([]);
    const row = anInstance('i9', { releaseId: 'gone', colour: 'green' });
    const draining = world({ instances: [row] }, { ...observed, instances: [seenAs(row, 'running')] });
    expect(plan(draining)).toEqual([{ do: 'retire', releaseId: 'gone' }]);
  });

  it('routes a stopped app nowhere and starts nothing of it', () => {
    const start = world({ app: anApp({ stopped: true }) }, { route: { mode: 'up', live: 'blue' } });
    expect(plan(start)).toEqual([{ do: 'set-route', route: { mode: 'stopped' } }]);
  });
});

describe('images', () => {
  it('are disposable once neither kept, in use nor being deployed', () => {
    const releases = Array.from({ length: 9 }, (_, i) => aRelease(`r${i}`, { liveAt: i < 8 ? i : null }));
    const { desired } = world({
      app: anApp({ liveReleaseId: 'r7' }),
      releases,
      instances: [anInstance('i0', { releaseId: 'r0' }), anInstance('i1', { releaseId: 'r1', state: 'off' })],
      active: aDeployment({ releaseId: 'r8' }),
    });
    const ids = [...releases.map((release) => release.imageId), 'image-of-nobody'];
    expect(disposableImages(desired, ids)).toEqual(['image-r1', 'image-r2', 'image-of-nobody']);
  });
});
