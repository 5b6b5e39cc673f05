/** Every scenario with faults at its port calls: no invariant is ever broken. A share of all calls, evenly spread. */
import { describe, expect, it } from 'vitest';
import { emptyTally, enumerate } from './enumerate.ts';
import { SCENARIOS } from './scenarios.ts';

describe('struck at its calls', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
    const tally = emptyTally();
    await enumerate(scenario, tally, { modes: ['before', 'after'], every: 40 });
    expect(tally.found).toEqual([]);
  });
});
