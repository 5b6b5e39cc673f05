/** `npm run test:crash`: strikes the scenarios at their calls, prints what was found, and fails when something was. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { strikeAll } from './crash.ts';
import type { Tally, Task } from './enumerate.ts';
import { MODES, type Mode } from './faults.ts';
import { SCENARIOS } from './scenarios.ts';

const USAGE = `npm run test:crash -- [options]: the real deployer on ports in memory, struck at its calls.

  --all             every mode (${MODES.join(', ')}) at every call, and 300 pairs of faults per scenario
  --mode NAME       only this mode; may be given several times
  --scenario NAME   only this one; may be given several times
  --every N         only every n-th call, default 1
  --pairs N         runs with two faults, per scenario
  --seed N          of the pairs, default 1
  --json FILE       also write the figures there
`;

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    mode: { type: 'string', multiple: true },
    scenario: { type: 'string', multiple: true },
    every: { type: 'string', default: '1' },
    pairs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const modes = (values.mode ?? (values.all ? MODES : ['before', 'after', 'lost'])) as readonly Mode[];
const pairs = Number(values.pairs ?? (values.all ? 300 : 0));
const seed = Number(values.seed);

/** A task per mode, and one for the pairs. */
function tasksOf(scenario: string): Task[] {
  const every = Number(values.every);
  const singles = modes.map((mode) => ({ scenario, modes: [mode], every, pairs: 0, seed }));
  return pairs === 0 ? singles : [...singles, { scenario, modes: [], every, pairs, seed }];
}

const secondsSince = (beganMs: number) => Math.round((performance.now() - beganMs) / 1_000);

/** Says after each task what it found and how far it is. */
function progress(tasks: number, beganMs: number) {
  /** Calls of each scenario without faults: the points at which it is struck. */
  const pointsOf = new Map<string, number>();
  let done = 0;
  let runsSoFar = 0;
  const onDone = ({ scenario, modes: [mode] }: Task, { points, runs, found }: Tally) => {
    done += 1;
    runsSoFar += runs;
    pointsOf.set(scenario, points);
    const far = `${done}/${tasks}, ${runsSoFar} runs, ${secondsSince(beganMs)} s`;
    process.stdout.write(
      `${found.length === 0 ? 'ok   ' : 'FOUND'} ${scenario}, ${mode ?? 'pairs'}: ${runs} runs (${far})\n`,
    );
    for (const { faults, violation } of found.slice(0, 3))
      process.stdout.write(`      ${faults.map(({ call, mode }) => `${mode} ${call}`).join(', ')}: ${violation}\n`);
  };
  return { onDone, points: () => [...pointsOf.values()].reduce((sum, points) => sum + points, 0) };
}

async function run(): Promise<number> {
  const names = SCENARIOS.map(({ name }) => name).filter((name) => values.scenario?.includes(name) ?? true);
  const beganMs = performance.now();
  const tasks = names.flatMap(tasksOf);
  const { onDone, points } = progress(tasks.length, beganMs);
  const { found, ...figures } = await strikeAll(tasks, onDone);
  const all = { ...figures, points: points(), violations: found.length };
  const report = {
    scenarios: names.length,
    modes,
    pairsPerScenario: pairs,
    seed,
    ...all,
    seconds: secondsSince(beganMs),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...report, found }, null, 2)}\n`);
  return found.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(USAGE);
else process.exitCode = await run();
