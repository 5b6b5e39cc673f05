/** `npm run test:models`: random sequences on the simulated platform; prints what they broke, shrunken, and fails when they did. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { check, type Failure, type Report } from './check.ts';
import { runShares, sharesOf } from './shares.ts';

const USAGE = `npm run test:models -- [options]: random sequences of what people do and of faults, on the real deployer in memory.

  --runs N      sequences, default 1000
  --seed S      the first share's seed, default one that is printed; every 100 sequences have a seed of their own
  --path P      with --seed: only the failure that was found there
  --threads N   default ${availableParallelism()}; 0: in this process
  --json FILE   also write the figures and the shrunken sequences there
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30));

function tell({ seed, path, steps, violation }: Failure): void {
  process.stdout.write(`FOUND --seed ${seed} --path ${path}\n  ${violation}\n`);
  for (const step of steps) process.stdout.write(`    ${step}\n`);
}

async function run(): Promise<number> {
  const began = performance.now();
  const shares = sharesOf(seed, Number(values.runs));
  const threads = Number(values.threads);
  let done = 0;
  const onDone = ({ failures }: Report) => {
    failures.forEach(tell);
    done += 1;
    if (done % 10 === 0) process.stdout.write(`${done} of ${shares.length} shares\n`);
  };
  const { path } = values;
  const one = path === undefined ? null : await check({ seed, path, runs: 1 });
  one?.failures.forEach(tell);
  const { failures, ...figures } = one ?? (await runShares(shares, { threads, onDone }));
  const report = { seed, ...figures, violations: failures.length };
  process.stdout.write(`${JSON.stringify(report)} in ${Math.round((performance.now() - began) / 1_000)} s\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...report, failures }, null, 2)}\n`);
  return failures.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(USAGE);
else {
  Error.stackTraceLimit = 0;
  process.exitCode = await run();
}
