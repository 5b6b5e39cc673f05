/** Every scenario with faults at its port calls, then with pairs of them: no invariant is ever broken. A share of all, evenly spread. */
import { describe, expect, it } from 'vitest';
import { emptyTally, enumerate, pairs } from './enumerate.ts';
import { SCENARIOS } from './scenarios.ts';

describe('struck at its calls', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
    const tally = emptyTally();
    await enumerate(scenario, tally, { modes: ['before', 'after'], every: 4 });
    // A router in the process has no routes while a lease whose grant was never heard of runs out.
    const survives = scenario.options?.router !== 'dies';
    if (survives) await enumerate(scenario, tally, { modes: ['lost', 'refused', 'frozen'], every: 12 });
    await pairs(scenario, tally, 6);
    expect(tally.found).toEqual([]);
  });
});
