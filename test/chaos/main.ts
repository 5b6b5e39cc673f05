/** `npm run test:chaos`: runs the real kills, prints a table, and fails when something did not recover or was lost. */
import { appendFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nowMs } from '../load/clock.ts';
import { runChaos } from './chaos.ts';
import { FAULTS } from './faults.ts';
import { runLeaks } from './leaks.ts';
import { tableOf } from './report.ts';

const KINDS = Object.keys(FAULTS);
const USAGE = `npm run test:chaos -- [options]: kills and freezes Teal, HAProxy, its supervisor, PostgreSQL, a Docker daemon of its own
and instances under traffic and deployments, and fills the disks; as root. Exits with 1 when something did not recover or was lost.

  --faults N         default 500
  --minutes M        begins no fault after so long; the totals are of what was done
  --short            one of each
  --seed N           default 1: the same faults at the same moments of the run
  --only NAME        only this kind; may be given several times. ${KINDS.join(', ')}
  --rate N           requests per second, default 100
  --json FILE        also write the figures there
  --logs DIR         where platform, Docker daemon and the run itself write; default: a folder that is kept after a violation
  --leaks            no faults: counts what N deployments leave behind
  --deployments N    for --leaks, default 1000
  --engine NAME      for --leaks: process (default) or docker
`;
const DOCKER_DISK = '3g';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '500' },
    minutes: { type: 'string', default: '600' },
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    rate: { type: 'string', default: '100' },
    json: { type: 'string' },
    logs: { type: 'string' },
    leaks: { type: 'boolean', default: false },
    deployments: { type: 'string', default: '1000' },
    engine: { type: 'string', default: 'process' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const logDir = values.logs ?? join(tmpdir(), `teal-chaos-logs-${process.pid}`);

function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);
  appendFileSync(join(logDir, 'run.log'), `${new Date().toISOString()} ${line}\n`);
}

/** The first Ctrl-C ends the run after the fault under way, with its figures. */
function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
  return interrupted.signal;
}

async function write(report: object): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

async function countLeaks(signal: AbortSignal): Promise<boolean> {
  const { deployments, engine } = values;
  if (engine !== 'process' && engine !== 'docker') throw new Error('--engine is process or docker');
  const report = await runLeaks({ engine, deployments: Number(deployments), signal, logDir, say });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  await write(report);
  return report.leaks === 0;
}

async function fault(signal: AbortSignal): Promise<boolean> {
  const unknown = values.only.filter((name) => !KINDS.includes(name));
  if (unknown.length > 0) throw new Error(`no kind of fault: ${unknown.join(', ')}`);
  const report = await runChaos({
    seed: Number(values.seed),
    faults: values.short ? KINDS.length : Number(values.faults),
    deadlineMs: nowMs() + Number(values.minutes) * 60_000,
    only: values.only,
    ratePerSecond: Number(values.rate),
    signal,
    logDir,
    dockerDisk: DOCKER_DISK,
    say,
  });
  process.stdout.write(`\n${tableOf(report)}\n`);
  await write(report);
  return report.violations === 0 && report.lost === 0 && report.leaks === 0;
}

async function run(): Promise<boolean> {
  await mkdir(logDir, { recursive: true });
  const signal = untilInterrupted();
  const well = await (values.leaks ? countLeaks(signal) : fault(signal)).catch((error) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return false;
  });
  if (!well) say(`the logs are in ${logDir}`);
  else if (values.logs === undefined) await rm(logDir, { recursive: true, force: true });
  return well;
}

if (values.help) process.stdout.write(USAGE);
else if (process.getuid?.() !== 0) {
  process.stderr.write('this needs root: a Docker daemon and a file system of its own\n');
  process.exitCode = 2;
} else process.exitCode = (await run()) ? 0 : 1;
process.exit();
