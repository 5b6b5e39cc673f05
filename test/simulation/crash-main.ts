/** `npm run test:crash`: strikes the scenarios at their calls, prints what was found, and fails when something was. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { strikeAll } from './crash.ts';
import type { Task } from './enumerate.ts';
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

async function run(): Promise<number> {
  const names = SCENARIOS.map(({ name }) => name).filter((name) => values.scenario?.includes(name) ?? true);
  const began = performance.now();
  const tally = await strikeAll(names.flatMap(tasksOf), ({ scenario, modes: [mode] }, { runs, found }) => {
    process.stdout.write(`${found.length === 0 ? 'ok   ' : 'FOUND'} ${scenario}, ${mode ?? 'pairs'}: ${runs} runs\n`);
    for (const { faults, violation } of found.slice(0, 3))
      process.stdout.write(`      ${faults.map(({ call, mode }) => `${mode} ${call}`).join(', ')}: ${violation}\n`);
  });
  const { found, points: _, ...figures } = tally;
  const report = { scenarios: names.length, modes, ...figures, violations: found.length, seed };
  process.stdout.write(`${JSON.stringify(report)} in ${Math.round((performance.now() - began) / 1_000)} s\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...report, found }, null, 2)}\n`);
  return found.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(USAGE);
else process.exitCode = await run();
