/** The scenarios whose every call is struck: what is there before, and what people do. */

import { Person } from './people.ts';
import type { Program } from './programs.ts';
import { TIMING } from './teal.ts';
import { cancel, goLive, ORGANISATION, redeploy, remove, revive, settings, start, stop } from './wishes.ts';
import type { World, WorldOptions } from './world.ts';

export interface Scenario {
  name: string;
  given(person: Person): Promise<void>;
  when(person: Person): Promise<void>;
  options?: Pick<WorldOptions, 'processes' | 'router'>;
  /** How it ends may depend on when a fault strikes: only the invariants are asked. */
  open?: boolean;
}

/** An app of which these commits have been live, the last one still. */
const withVersions =
  (...commits: string[]) =>
  async (person: Person) => {
    await person.createApp(ORGANISATION);
    await goLive(person, commits);
  };

const pushing =
  (commit: string, change: Partial<Program> = {}) =>
  (person: Person) =>
    person.push(commit, change);

const cancelIn = (state: string) => async (person: Person) => {
  await person.push('b', { buildMs: 400, readyMs: 200 });
  await person.reaches(state);
  await cancel(person);
};

/** The sleepers have gone off: only their images are left. */
async function turnedOff(person: Person): Promise<void> {
  await withVersions('a', 'b')(person);
  await person.until(
    () => ![...person.world.database.tables.instances.values()].some(({ state }) => state === 'asleep'),
    10_000,
  );
  await person.until(
    () => [...person.world.database.tables.instances.values()].filter(({ state }) => state !== 'off').length === 1,
  );
}

async function withoutImage(person: Person): Promise<void> {
  await turnedOff(person);
  const { engine, database } = person.world;
  const first = [...database.tables.images.values()][0];
  if (first !== undefined) engine.state.images.delete(first.ref);
}

const scaled = async (person: Person) => {
  await person.createApp(ORGANISATION);
  await settings(person, { scale: 2 });
  await goLive(person, ['a']);
};

const waiting = async (person: Person) => {
  await withVersions('a')(person);
  await settings(person, { newerPush: 'wait' });
};

const platformUpdate = (person: Person) => {
  const { store } = { store: person.world };
  return store.askForUpdate(person.appId);
};

const TWO = { processes: 2 } as const;
const EMBEDDED = { router: 'dies' } as const;
const push = { given: withVersions('a'), when: pushing('b') };
const newer = async (person: Person) => {
  await person.push('b', { buildMs: 400 });
  await person.reaches('building');
  await person.push('c');
};

export const SCENARIOS: readonly Scenario[] = [
  { name: 'push', ...push },
  { name: 'push, router in the process', ...push, options: EMBEDDED },
  { name: 'push, two processes', ...push, options: TWO },
  { name: 'first push', given: (person) => person.createApp(ORGANISATION), when: pushing('a') },
  { name: 'new app', given: async () => {}, when: (person) => person.askForApp(ORGANISATION), open: true },
  {
    name: 'stop whose lease ends before its route',
    given: withVersions('a'),
    async when(person) {
      const { world } = person;
      const stopping = stop(person);
      await person.until(() => person.app()?.stopped ?? false);
      world.skewMs += TIMING.leaseMs;
      await stopping;
    },
  },
  { name: 'failing build', given: withVersions('a'), when: pushing('b', { build: 'fails' }) },
  {
    name: 'a source that ends whoever plans its build',
    given: withVersions('a'),
    async when(person) {
      const { world } = person;
      const traced = world.trace;
      world.trace = (label, teal) => {
        traced?.(label, teal);
        if (label === 'engine.plan') teal.kill();
      };
      await person.push('b');
      await person.until(() => person.newest()?.state === 'failed');
      world.trace = traced;
    },
    open: true,
  },
  { name: 'failing gate', given: withVersions('a'), when: pushing('b', { gate: 'refuses' }) },
  { name: 'gate that ends by itself', given: withVersions('a'), when: pushing('b', { gate: 'exits' }) },
  { name: 'failing gate beside a sleeper', given: withVersions('a', 'b'), when: pushing('c', { gate: 'exits' }) },
  { name: 'push beside a sleeper', given: withVersions('a', 'b'), when: pushing('c') },
  { name: 'newer push', given: withVersions('a'), when: newer },
  { name: 'newer push, two processes', given: withVersions('a'), when: newer, options: TWO },
  {
    name: 'newer push while probing',
    given: withVersions('a'),
    async when(person) {
      await person.push('b', { readyMs: 500 });
      await person.reaches('probing');
      await person.push('c');
    },
  },
  { name: 'newer push that waits', given: waiting, when: newer },
  { name: 'revive asleep', given: withVersions('a', 'b'), when: async (person) => void (await revive(person)) },
  {
    name: 'revive asleep, router in the process',
    given: withVersions('a', 'b'),
    when: async (person) => void (await revive(person)),
    options: EMBEDDED,
  },
  {
    name: 'revive asleep, two processes',
    given: withVersions('a', 'b'),
    when: async (person) => void (await revive(person)),
    options: TWO,
  },
  { name: 'revive off', given: turnedOff, when: async (person) => void (await revive(person)) },
  { name: 'revive without image', given: withoutImage, when: async (person) => void (await revive(person)) },
  {
    name: 'revive while the one before drains',
    given: withVersions('a'),
    async when(person) {
      await person.push('b');
      await person.reaches('live');
      await revive(person);
    },
  },
  {
    name: 'push while a revive runs',
    given: withVersions('a', 'b'),
    async when(person) {
      await revive(person);
      await person.push('c');
    },
  },
  {
    name: 'revive while a push runs',
    given: withVersions('a', 'b'),
    async when(person) {
      await person.push('c', { buildMs: 400 });
      await person.reaches('building');
      await revive(person);
    },
  },
  { name: 'cancel while building', given: withVersions('a'), when: cancelIn('building'), open: true },
  { name: 'cancel while starting', given: withVersions('a'), when: cancelIn('starting'), open: true },
  { name: 'cancel while probing', given: withVersions('a'), when: cancelIn('probing'), open: true },
  { name: 'cancel while switching', given: withVersions('a'), when: cancelIn('switching'), open: true },
  {
    name: 'cancel of a long build',
    given: withVersions('a'),
    async when(person) {
      await person.push('b', { buildMs: 50_000 });
      await person.reaches('building');
      await cancel(person);
      const { world } = person;
      const heard = await person.until(() => person.newest()?.state === 'cancelled', 5_000);
      if (!heard && world.struck === 0) world.watchdog.violate(4, 'a build goes on although it was to be cancelled');
    },
    open: true,
  },
  {
    name: 'an instance without a row',
    given: withVersions('a'),
    when: async (person) => person.world.engine.strand(person.appId),
  },
  { name: 'stop', given: withVersions('a', 'b'), when: async (person) => void (await stop(person)) },
  {
    name: 'stop while a push runs',
    given: withVersions('a'),
    async when(person) {
      await person.push('b', { buildMs: 400 });
      await person.reaches('building');
      await stop(person);
    },
    open: true,
  },
  {
    name: 'stop while a push is accepted',
    given: withVersions('a'),
    when: async (person) => void (await Promise.all([person.push('b'), stop(person)])),
    open: true,
  },
  {
    name: 'stop while a revive is asked for',
    given: withVersions('a', 'b'),
    when: async (person) => void (await Promise.all([revive(person), stop(person)])),
    open: true,
  },
  {
    name: 'stop while switching',
    given: withVersions('a'),
    async when(person) {
      await person.push('b');
      await person.reaches('switching');
      await stop(person);
    },
    open: true,
  },
  {
    name: 'a clock set forward during a drain',
    given: withVersions('a'),
    async when(person) {
      await goLive(person, ['b']);
      person.world.skewMs += 60_000;
    },
  },
  {
    name: 'start',
    async given(person) {
      await withVersions('a', 'b')(person);
      await stop(person);
    },
    when: async (person) => void (await start(person)),
  },
  { name: 'delete', given: withVersions('a', 'b'), when: async (person) => void (await remove(person)) },
  {
    name: 'delete while a push runs',
    given: withVersions('a'),
    async when(person) {
      await person.push('b', { buildMs: 400 });
      await person.reaches('building');
      await remove(person);
    },
  },
  {
    name: 'delete while probing',
    given: withVersions('a'),
    async when(person) {
      await person.push('b', { readyMs: 500 });
      await person.reaches('probing');
      await remove(person);
    },
  },
  { name: 'redeploy', given: withVersions('a'), when: async (person) => void (await redeploy(person)) },
  { name: 'release command', given: withVersions('a'), when: pushing('b', { releaseCommand: 'ok' }) },
  { name: 'failing release command', given: withVersions('a'), when: pushing('b', { releaseCommand: 'fails' }) },
  { name: 'platform update', given: withVersions('a'), when: platformUpdate },
  { name: 'scale 2', given: scaled, when: pushing('b') },
  { name: 'scale 2, two processes', given: scaled, when: pushing('b'), options: TWO },
  {
    name: 'a live instance ends',
    given: withVersions('a'),
    async when(person) {
      await person.world.bereave(person.appId);
    },
  },
];

export function personIn(world: World): Person {
  return new Person(world);
}
