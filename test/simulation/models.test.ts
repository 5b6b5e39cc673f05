/**
 * Random sequences of what people do and of faults: no invariant is ever broken, a seed tells the same story again, and what is
 * found is told in a few steps. `npm run test:models` plays as many as one likes.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FOUND } from './models/found.ts';
import { play, prepareModel } from './models/play.ts';
import { runShares, sharesOf } from './models/shares.ts';
import { sequences } from './models/steps.ts';

const BASE_SEED = 20_261_128;
const RUNS = 150;
const DEADLINE_MS = 300_000;

const few = (failures: { seed: number; path: string; violation: string; steps: string[] }[]) =>
  failures.map(({ seed, path, violation, steps }) => ({ again: `--seed ${seed} --path ${path}`, violation, steps }));

it('breaks nothing, with a known seed; test:models takes a new one each time', { timeout: DEADLINE_MS }, async () => {
  const { failures, sequences: played } = await runShares(sharesOf(BASE_SEED, RUNS), { threads: 2 });
  expect(few(failures)).toEqual([]);
  expect(played).toBe(RUNS);
});

it.each(FOUND)('breaks nothing any more: $what', async ({ sequence }) => {
  expect((await play(sequence, await prepareModel())).violations).toEqual([]);
});

it('tells the same story again, call by call, whatever else the machine does', { timeout: DEADLINE_MS }, async () => {
  const from = await prepareModel();
  for (const sequence of fc.sample(sequences, { seed: BASE_SEED, numRuns: 5 })) {
    const { trace } = await play(sequence, from);
    const busy = { done: false };
    const disturbing = (async () => {
      while (!busy.done) await setImmediate();
    })();
    expect((await play(sequence, from)).trace).toEqual(trace);
    busy.done = true;
    await disturbing;
  }
});

it('tells a planted fault in a few steps, found again by seed and path', { timeout: DEADLINE_MS }, async () => {
  const first = await runMutant('no look at the lease before effects', ['--runs', '100', '--seed', '1']);
  const [, seed, path] = /FOUND --seed (\d+) --path (\S+)/.exec(first) ?? [];
  const told = first.split('\n').filter((line) => line.startsWith('    '));
  expect(told.length, first).toBeGreaterThan(1);
  expect(told.length, first).toBeLessThanOrEqual(5);
  const again = await runMutant('no look at the lease before effects', ['--seed', `${seed}`, '--path', `${path}`]);
  expect(again).toContain(told.join('\n'));
});

/** What the model runs print of the product with one mutant in it. */
function runMutant(name: string, options: readonly string[]): Promise<string> {
  const here = import.meta.dirname;
  const args = ['--import', join(here, 'mutants', 'mutate.ts'), join(here, 'models', 'main.ts'), '--threads', '0'];
  const child = spawn(process.execPath, [...args, ...options], { env: { ...process.env, TEAL_MUTANT: name } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  return new Promise((resolve) => child.on('close', () => resolve(said)));
}
