/** `npm run bench`: measures, prints a table, removes everything it made. It reports only; nothing here passes or fails. */
import { writeFile } from 'node:fs/promises';
import { measureBigPush } from './bigpush.ts';
import { measureFlips } from './flips.ts';
import { readExample } from './hello.ts';
import { measureMetrics } from './metrics.ts';
import { type Options, type Part, readOptions, USAGE } from './options.ts';
import { BenchPlatform } from './platform.ts';
import { measurePushes } from './push.ts';
import { type Figures, jsonOf, machineLine, tableOf } from './report.ts';
import { measureRevives } from './revive.ts';
import { measureRouter } from './router.ts';
import { sweepDocker } from './sweep.ts';
import type { Work } from './work.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const MEASURES: Record<Exclude<Part, 'router' | 'metrics'>, (work: Work, figures: Figures) => Promise<void>> = {
  push: async (work, figures) => {
    figures.push = await measurePushes(work);
  },
  revive: async (work, figures) => {
    figures.revive = await measureRevives(work);
  },
  flips: async (work, figures) => {
    figures.flips = await measureFlips(work);
  },
  'big-push': async (work, figures) => {
    figures.bigPush = await measureBigPush(work);
  },
};

const say = (line: string) => process.stderr.write(`${line}\n`);

function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!interrupted.signal.aborted) say('interrupted: removing what was made …');
      interrupted.abort(new Error(`interrupted by ${name}`));
    });
  }
  return interrupted.signal;
}

/** Rejects at once when the signal aborts: what still runs is ended by the clean-up. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function runParts(work: Work, parts: Options['parts']): Promise<Figures> {
  const figures: Figures = {};
  for (const part of parts) {
    if (part === 'router' || part === 'metrics') continue;
    say(`== ${part}`);
    await MEASURES[part](work, figures);
  }
  return figures;
}

/** Before there is a platform, which would be in the way. */
async function measureAlone(alone: Omit<Work, 'platform' | 'files'>): Promise<Figures> {
  const figures: Figures = {};
  for (const part of alone.options.parts) {
    if (part !== 'router' && part !== 'metrics') continue;
    say(`== ${part}`);
    if (part === 'router') figures.router = await Promise.race([measureRouter(alone), aborted(alone.signal)]);
    else figures.metrics = await Promise.race([measureMetrics(alone), aborted(alone.signal)]);
  }
  return figures;
}

/** Every step is tried; what fails is told. */
async function cleanUp(steps: readonly (() => Promise<void>)[]): Promise<void> {
  for (const step of steps.toReversed()) {
    await step().catch((error) => {
      say(`clearing up failed: ${error instanceof Error ? error.message : error}`);
      process.exitCode = EXIT_FAILED;
    });
  }
}

async function bench(options: Options): Promise<Figures> {
  const signal = untilInterrupted();
  const steps: (() => Promise<void>)[] = [];
  try {
    const alone = { options, signal, say, defer: (clean: () => Promise<void>) => void steps.push(clean) };
    const before = await measureAlone(alone);
    if (options.parts.every((part) => part === 'router' || part === 'metrics')) return before;
    say('starting the platform …');
    const platform = await BenchPlatform.start(signal);
    steps.push(() => sweepDocker(platform.appIds));
    steps.push(() => platform.destroy());
    const files = await readExample();
    const work: Work = { ...alone, platform, files };
    const parts = Promise.race([runParts(work, options.parts), platform.lost, aborted(signal)]);
    return { ...before, ...(await parts) };
  } finally {
    await cleanUp(steps);
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = machineLine();
  const figures = await bench(options);
  process.stdout.write(`\n${machine}\n\n${tableOf(figures)}\n`);
  if (options.jsonFile !== null) await writeFile(options.jsonFile, `${JSON.stringify(jsonOf(figures), null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  const isUsage = (error as { code?: unknown }).code?.toString().startsWith('ERR_PARSE_ARGS') ?? false;
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
}
// Polls of an interrupted part may still be waiting for answers.
process.exit();
