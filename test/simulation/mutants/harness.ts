/** A share of the enumeration; exit code 1 with the first finding, 0 when nothing is found. */
import { emptyTally, strike } from '../enumerate.ts';
import { SCENARIOS } from '../scenarios.ts';

Error.stackTraceLimit = 0;
const every = Number(process.argv[2] ?? 12);
for (const scenario of SCENARIOS) {
  const tally = emptyTally();
  const task = { modes: ['before', 'after', 'lost', 'frozen', 'refused'], every, pairs: 4, seed: 1 } as const;
  const trouble = await strike(scenario, tally, task).then(
    () => null,
    (error: Error) => error.message,
  );
  const [first] = tally.found;
  if (trouble === null && first === undefined) continue;
  process.stdout.write(`${scenario.name}: ${trouble ?? first?.violation}\n`);
  process.exit(1);
}
