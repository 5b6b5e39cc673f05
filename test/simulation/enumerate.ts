/** Runs scenarios with faults: from what was given, through what people do, to rest. */
import { type Fault, MODES, type Mode } from './faults.ts';
import { Random } from './random.ts';
import { checkRest, isAtRest, summaryOf } from './rest.ts';
import { personIn, type Scenario } from './scenarios.ts';
import type { Violation } from './watchdog.ts';
import { MEMBER, ORGANISATION } from './wishes.ts';
import { type Snapshot, World } from './world.ts';

/** Longer than leases, drains and several rounds of the reconciler: what is not at rest then does not come to it. */
const REST_MS = 400_000;
/** A round of the reconciler and more, in which nothing may change any more. */
const STILL_MS = 35_000;
/** Within so many calls a process has begun again and found what the last one left. */
const SOON_CALLS = 120;

export interface Run {
  calls: number;
  checks: number;
  struck: number;
  lateEffects: number;
  summary: string;
  violations: Violation[];
}

export async function prepare(scenario: Scenario): Promise<Snapshot> {
  const world = new World({ ...scenario.options, router: 'survives' });
  world.database.tables.members.set(ORGANISATION, [MEMBER]);
  world.bootAll();
  const person = personIn(world);
  await drive(world, () => scenario.given(person));
  if (world.watchdog.violations.length > 0)
    throw new Error(`"${scenario.name}" is broken before any fault: ${JSON.stringify(world.watchdog.violations[0])}`);
  return world.snapshot();
}

/** Lets people act, for `actingMs` at most, and everything come to rest. */
export async function drive(world: World, act: () => Promise<void>, actingMs = 0): Promise<void> {
  let acted = false;
  let trouble: unknown = null;
  const acting = act().then(
    () => {
      acted = true;
    },
    (error) => {
      acted = true;
      trouble = error;
    },
  );
  const came = await comesToRest(world, () => acted && isAtRest(world), actingMs + REST_MS);
  if (acted) await acting;
  if (trouble !== null) throw trouble;
  if (!came) world.watchdog.violate(4, `not at rest: ${acted ? '' : 'people still wait; '}${restless(world)}`);
  world.watchdog.bereaved.clear();
  world.watchdog.look('rest');
  checkRest(world);
}

/** What was done without its answer may be found by the reconciler only: rest is what a whole round leaves as it is. */
async function comesToRest(world: World, rests: () => boolean, limitMs: number): Promise<boolean> {
  const endMs = world.scheduler.nowMs + limitMs;
  while (world.scheduler.nowMs < endMs && (await world.runUntil(rests, endMs - world.scheduler.nowMs))) {
    const troubles = world.struck + world.outages;
    const restless = await world.runUntil(() => !rests(), STILL_MS);
    if (!restless && world.struck + world.outages === troubles) return true;
  }
  return false;
}

function restless(world: World): string {
  const { deployments, instances, outbox, deleting } = world.database.tables;
  const unfinished = [...deployments.values()].map(({ id, state }) => `${id.slice(-4)} ${state}`);
  const rows = [...instances.values()]
    .filter(({ state }) => state !== 'off')
    .map(({ id, state }) => `${id.slice(-4)} ${state}`);
  const mails = [...outbox.values()].filter(({ state }) => state === 'waiting').length;
  return `${unfinished.join(', ')}; ${rows.join(', ')}; ${mails} mails, ${deleting.size} deleting, queue ${world.queue.keys()}`;
}

export async function runScenario(
  scenario: Scenario,
  { from, faults, trace }: { from: Snapshot; faults: readonly Fault[]; trace?: (world: World) => void },
): Promise<Run> {
  const world = new World({ ...scenario.options, faults, from });
  trace?.(world);
  world.bootAll();
  await drive(world, () => scenario.when(personIn(world)));
  const { violations, checks, lateEffects } = world.watchdog;
  return { calls: world.calls, checks, struck: world.struck, lateEffects, summary: summaryOf(world), violations };
}

export interface Found {
  scenario: string;
  faults: readonly Fault[];
  violation: string;
}

export interface Tally {
  points: number;
  runs: number;
  checks: number;
  calls: number;
  lateEffects: number;
  found: Found[];
}

export const emptyTally = (): Tally => ({
  points: 0,
  runs: 0,
  checks: 0,
  calls: 0,
  lateEffects: 0,
  found: [],
});

/** What one striker does to one scenario. */
export interface Task {
  scenario: string;
  /** One fault at each call up to the one at which the scenario has come to rest without faults. */
  modes: readonly Mode[];
  /** Only every n-th call. */
  every: number;
  /** Runs with two faults each, at calls that the seed chooses. */
  pairs: number;
  seed: number;
}

export async function strike(scenario: Scenario, tally: Tally, task: Omit<Task, 'scenario'>): Promise<void> {
  const from = await prepare(scenario);
  const plain = await runScenario(scenario, { from, faults: [] });
  tally.points += plain.calls;
  note(tally, scenario, { faults: [], run: plain, plain });
  const all = [...singles(plain.calls, task), ...pairs(plain.calls, task)];
  for (const faults of all)
    note(tally, scenario, { faults, run: await runScenario(scenario, { from, faults }), plain });
}

function* singles(calls: number, { modes, every }: Pick<Task, 'modes' | 'every'>): Generator<Fault[]> {
  for (const [place, mode] of modes.entries())
    for (let call = 1 + (place % every); call <= calls; call += every) yield [{ call, mode }];
}

/** Two faults: anywhere, and while what the first one left is mended. */
function* pairs(calls: number, { pairs: count, seed }: Pick<Task, 'pairs' | 'seed'>): Generator<Fault[]> {
  const random = new Random(seed);
  for (let n = 0; n < count; n += 1) {
    const first = 1 + Math.floor(random.between(0, calls));
    const second = first + 1 + Math.floor(random.between(0, SOON_CALLS));
    yield [
      { call: first, mode: random.of(MODES) },
      { call: second, mode: random.of(MODES) },
    ];
  }
}

function note(
  tally: Tally,
  scenario: Scenario,
  { faults, run, plain }: { faults: readonly Fault[]; run: Run; plain: Run },
): void {
  tally.runs += 1;
  tally.checks += run.checks;
  tally.calls += run.calls;
  tally.lateEffects += run.lateEffects;
  const died = faults.length === 1 && (faults[0]?.mode === 'before' || faults[0]?.mode === 'after');
  const differs = died && !scenario.open && run.summary !== plain.summary;
  const all = run.violations.map(({ invariant, what, after }) => `${invariant}: ${what} (after ${after})`);
  if (differs) all.push(`ended as "${run.summary}", not as "${plain.summary}"`);
  for (const violation of all) tally.found.push({ scenario: scenario.name, faults, violation });
}
