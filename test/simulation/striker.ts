/** A worker thread of the enumeration: takes one task after the other, answers with its tally. */
import { parentPort } from 'node:worker_threads';
import { emptyTally, strike, type Task } from './enumerate.ts';
import { SCENARIOS } from './scenarios.ts';

// Thousands of faults are thrown on purpose; nobody reads where.
Error.stackTraceLimit = 0;

parentPort?.on('message', async ({ scenario: name, ...task }: Task) => {
  const tally = emptyTally();
  const scenario = SCENARIOS.find((known) => known.name === name);
  try {
    if (scenario === undefined) throw new Error(`there is no scenario "${name}"`);
    await strike(scenario, tally, task);
  } catch (error) {
    tally.found.push({ scenario: name, faults: [], violation: `the harness failed: ${String(error)}` });
  }
  parentPort?.postMessage(tally);
});
