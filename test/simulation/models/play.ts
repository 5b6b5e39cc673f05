/** Plays one made-up sequence on the simulated platform, to rest; the watchdog and the checks at rest say what was broken. */
import { drive, prepare } from '../enumerate.ts';
import { Person } from '../people.ts';
import { Random } from '../random.ts';
import type { Violation } from '../watchdog.ts';
import { cancel, goLive, ORGANISATION, redeploy, remove, revive, settings, start, stop } from '../wishes.ts';
import { type Snapshot, World } from '../world.ts';
import { APPS, type Deed, MACHINE, PROGRAMS, type Sequence, type Step } from './steps.ts';

/** People wait for each other and for processes that come back. */
const ACTING_MS = 2_000_000;
/** A step that waits for calls does not wait for longer. */
const WAIT_MS = 20_000;
const SLOW_ANSWER_MS = 40;

export interface Played {
  violations: readonly Violation[];
  calls: number;
  checks: number;
  /** Every call with its process and time, for whoever compares two runs. */
  trace: readonly string[];
}

/** Two apps, one with a version that sleeps. */
export function prepareModel(): Promise<Snapshot> {
  return prepare({
    name: 'model',
    async given({ world }) {
      for (const [place, name] of APPS.entries()) {
        const person = new Person(world, name);
        await person.createApp(ORGANISATION);
        await goLive(person, place === 0 ? ['a', 'b'] : ['c']);
      }
    },
    when: async () => {},
  });
}

export async function play({ processes, router, steps }: Sequence, from: Snapshot): Promise<Played> {
  const world = new World({ processes, router, from });
  const trace: string[] = [];
  world.trace = (label, { name }) => trace.push(`${world.scheduler.nowMs} ${name} ${label}`);
  const onRejection = (error: unknown) => world.watchdog.violate(3, `a rejection without an owner: ${String(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    world.bootAll();
    await drive(world, () => act(world, steps), ACTING_MS);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  const { violations, checks } = world.watchdog;
  return { violations, checks, calls: world.calls, trace };
}

async function act(world: World, steps: readonly Step[]): Promise<void> {
  const people = Object.fromEntries(APPS.map((name) => [name, new Person(world, name)])) as Record<string, Person>;
  const deeds: Promise<unknown>[] = [];
  for (const [place, { calls, ms, deed, order }] of steps.entries()) {
    await wait(world, { calls, ms });
    setOrder(world, order);
    deeds.push(perform(world, { deed, people, commit: `v${place + 1}` }));
  }
  await Promise.all(deeds);
}

async function wait(world: World, { calls, ms }: Pick<Step, 'calls' | 'ms'>): Promise<void> {
  const outside = new Person(world);
  const count = world.calls + calls;
  if (calls > 0) await outside.until(() => world.calls >= count, WAIT_MS);
  if (ms > 0) await world.scheduler.pause(ms);
}

function setOrder(world: World, order: number): void {
  const random = new Random(order);
  world.scheduler.choose = order === 0 ? () => 0 : (count) => Math.floor(random.between(0, count));
  world.replyDelayMs = () => (order === 0 || random.next() < 0.7 ? 0 : Math.floor(random.between(0, SLOW_ANSWER_MS)));
}

interface Performance {
  deed: Deed;
  people: Record<string, Person>;
  commit: string;
}

function perform(world: World, { deed, people, commit }: Performance): Promise<unknown> {
  if ('app' in deed) return wish(people[deed.app] as Person, deed, commit);
  if (deed.do === 'strike') world.faults.set(world.calls + deed.inCalls, deed.mode);
  else befall(world, deed);
  return Promise.resolve();
}

async function wish(person: Person, deed: Extract<Deed, { app: string }>, commit: string): Promise<unknown> {
  switch (deed.do) {
    case 'push':
      return person.push(commit, PROGRAMS[deed.program]);
    case 'settings':
      return settings(person, { scale: deed.scale, newerPush: deed.newerPush });
    case 'create':
      return person.app() === null ? person.askForApp(ORGANISATION) : null;
    case 'update':
      return person.app() === null ? null : person.world.askForUpdate(person.appId);
    case 'end':
      return person.app() === null ? null : person.world.bereave(person.appId);
    default:
      return WISHES[deed.do](person);
  }
}

const WISHES = { revive, redeploy, cancel, stop, start, delete: remove } as const;

function befall(world: World, deed: Extract<Deed, { process: number }>): void {
  if (deed.do === 'jump' && deed.process === MACHINE) {
    world.skewMs += deed.ms;
    return;
  }
  const teal = world.tealOf.get(`teal-${1 + (deed.process % world.options.processes)}`);
  if (teal === undefined || !teal.isAlive()) return;
  if (deed.do === 'kill') teal.kill();
  else if (deed.do === 'freeze') teal.freeze(deed.ms);
  else if (deed.do === 'jump') teal.skewMs += deed.ms;
  else {
    teal.cutOff.set(deed.port, deed.how);
    world.scheduler.in(deed.ms, { owner: null, label: 'reached again', run: () => teal.reconnect(deed.port) });
  }
}
