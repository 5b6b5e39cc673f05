/** `npm run test:chaos`: runs the real kills, prints a table, and fails when something did not recover or was lost. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { runLeaks } from './leaks.ts';
import { tableOf } from './report.ts';

const USAGE = `npm run test:chaos -- [options]: kills and freezes Teal, HAProxy, its supervisor, PostgreSQL, a Docker daemon of its own
and instances under traffic and deployments, and fills the disk; as root. Exits with 1 when something did not recover or was lost.

  --faults N         default 500
  --short            one of each
  --seed N           default 1: the same faults at the same moments of the run
  --fault NAME       only this one; may be given several times
  --rate N           requests per second, default 100
  --json FILE        also write the figures there
  --leaks            no faults: counts what N deployments leave behind
  --deployments N    for --leaks, default 1000
`;
const SHORT = 13;

const say = (line: string) =>
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '500' },
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    fault: { type: 'string', multiple: true, default: [] },
    rate: { type: 'string', default: '100' },
    json: { type: 'string' },
    leaks: { type: 'boolean', default: false },
    deployments: { type: 'string', default: '1000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** The first Ctrl-C ends the run after the fault under way, with its figures. */
function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  return interrupted.signal;
}

async function write(report: object): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

async function run(): Promise<boolean> {
  const signal = untilInterrupted();
  if (values.leaks) {
    const report = await runLeaks({ deployments: Number(values.deployments), signal, say });
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    await write(report);
    return report.leaks === 0;
  }
  const report = await runChaos({
    seed: Number(values.seed),
    faults: values.short ? SHORT : Number(values.faults),
    only: values.fault,
    ratePerSecond: Number(values.rate),
    signal,
    say,
  });
  process.stdout.write(`\n${tableOf(report)}\n`);
  await write(report);
  return report.violations === 0 && report.lost === 0;
}

if (values.help) process.stdout.write(USAGE);
else if (process.getuid?.() !== 0) {
  say('this needs root: a Docker daemon and a file system of its own');
  process.exitCode = 2;
} else {
  process.exitCode = (await run().catch((error) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return false;
  }))
    ? 0
    : 1;
}
process.exit();
