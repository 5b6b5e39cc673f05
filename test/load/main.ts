/** `npm run test:load`: runs the load proof, prints a table, and fails when anything was lost, late or delivered twice. */
import { writeFile } from 'node:fs/promises';
import { readOptions, USAGE } from './options.ts';
import { runProof } from './proof.ts';
import { isClean, tableOf } from './report.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const say = (line: string) =>
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);

function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
  }
  return interrupted.signal;
}

function readCommandLine() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(EXIT_USAGE);
  }
}

const commandLine = readCommandLine();
if (commandLine === null) {
  process.stdout.write(USAGE);
  process.exit();
}
try {
  const report = await runProof(commandLine.proof, { signal: untilInterrupted(), say });
  process.stdout.write(`\n${tableOf(report)}\n`);
  if (commandLine.jsonFile !== null) await writeFile(commandLine.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = isClean(report) ? 0 : EXIT_FAILED;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = EXIT_FAILED;
}
// What an interruption left may still wait for answers.
process.exit();
