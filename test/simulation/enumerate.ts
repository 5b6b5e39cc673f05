/** Runs scenarios with faults: from what was given, through what people do, to rest. */
import { type Fault, MODES, type Mode } from './faults.ts';
import { checkRest, isAtRest, summaryOf } from './rest.ts';
import { MEMBER, ORGANISATION, personIn, type Scenario } from './scenarios.ts';
import type { Violation } from './watchdog.ts';
import { type Snapshot, World } from './world.ts';

/** Longer than leases, drains and several rounds of the reconciler: what is not at rest then does not come to it. */
const REST_MS = 400_000;
/** A round of the reconciler and more, in which nothing may change any more. */
const STILL_MS = 35_000;

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

/** Lets people act and everything come to rest. */
export async function drive(world: World, act: () => Promise<void>): Promise<void> {
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
  const came = await world.runUntil(() => acted && isAtRest(world), REST_MS);
  if (acted) await acting;
  if (trouble !== null) throw trouble;
  // What was done without its answer may be found by the reconciler only: rest is what a whole round leaves as it is.
  if (came) await world.runUntil(() => false, STILL_MS);
  if (came) await world.runUntil(() => isAtRest(world), STILL_MS);
  if (!came || !isAtRest(world))
    world.watchdog.violate(4, `not at rest: ${acted ? '' : 'people still wait; '}${restless(world)}`);
  world.watchdog.bereaved.clear();
  world.watchdog.look('rest');
  checkRest(world);
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
  scenarios: number;
  points: number;
  runs: number;
  checks: number;
  calls: number;
  lateEffects: number;
  found: Found[];
}

export const emptyTally = (): Tally => ({
  scenarios: 0,
  points: 0,
  runs: 0,
  checks: 0,
  calls: 0,
  lateEffects: 0,
  found: [],
});

/** One fault at each call up to the one at which the scenario has come to rest without faults. */
export async function enumerate(
  scenario: Scenario,
  tally: Tally,
  { modes = MODES, every = 1 }: { modes?: readonly Mode[]; every?: number } = {},
): Promise<void> {
  const from = await prepare(scenario);
  const plain = await runScenario(scenario, { from, faults: [] });
  tally.scenarios += 1;
  tally.points += plain.calls;
  note(tally, scenario, { faults: [], run: plain, plain });
  for (const [place, mode] of modes.entries())
    for (let call = 1 + place; call <= plain.calls; call += every) {
      const faults = [{ call, mode }];
      note(tally, scenario, { faults, run: await runScenario(scenario, { from, faults }), plain });
    }
}

/** `count` runs with two deaths each: at calls spread over the scenario, and soon after its process has begun again. */
export async function pairs(scenario: Scenario, tally: Tally, count: number): Promise<void> {
  const from = await prepare(scenario);
  const plain = await runScenario(scenario, { from, faults: [] });
  for (let n = 0; n < count; n += 1) {
    const first = 1 + Math.floor(((n + 0.5) / count) * plain.calls);
    const second = first + 1 + ((n * 37 + 11) % 90);
    const faults: Fault[] = [
      { call: first, mode: n % 2 === 0 ? 'before' : 'after' },
      { call: second, mode: n % 3 === 0 ? 'after' : 'before' },
    ];
    note(tally, scenario, { faults, run: await runScenario(scenario, { from, faults }), plain });
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
