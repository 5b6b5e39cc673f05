/** Has fast-check make up sequences from a seed, and shrink the first one that breaks an invariant. */
import fc from 'fast-check';
import type { Violation } from '../watchdog.ts';
import type { Snapshot } from '../world.ts';
import { play, prepareModel } from './play.ts';
import { type Sequence, sequences, wordsOf } from './steps.ts';

export interface Share {
  seed: number;
  runs: number;
  /** Where in the seed's runs a failure was, as fast-check names it: only that one is run. */
  path?: string;
}

export interface Failure {
  seed: number;
  path: string;
  /** The shrunken sequence. */
  steps: string[];
  sequence: Sequence;
  violation: string;
}

export interface Report {
  sequences: number;
  steps: number;
  calls: number;
  checks: number;
  failures: Failure[];
}

let prepared: Promise<Snapshot> | null = null;
const startingPoint = () => (prepared ??= prepareModel());

export function emptyReport(): Report {
  return { sequences: 0, steps: 0, calls: 0, checks: 0, failures: [] };
}

function wordsOfFirst([first]: readonly Violation[]): string | null {
  return first === undefined ? null : `${first.invariant}: ${first.what} (after ${first.after})`;
}

export async function check({ seed, runs, path }: Share): Promise<Report> {
  const from = await startingPoint();
  const report = emptyReport();
  const property = fc.asyncProperty(sequences, async (sequence) => {
    const { violations, calls, checks } = await play(sequence, from);
    report.sequences += 1;
    report.steps += sequence.steps.length;
    report.calls += calls;
    report.checks += checks;
    const first = wordsOfFirst(violations);
    if (first !== null) throw new Error(first);
  });
  const options = path === undefined ? { numRuns: runs } : { numRuns: 1, path, endOnFailure: true };
  const details = await fc.check(property, { seed, ...options, includeErrorInReport: false } as fc.Parameters<
    [Sequence]
  >);
  if (details.failed && details.counterexample !== null)
    report.failures.push({
      seed,
      path: details.counterexamplePath ?? '',
      steps: wordsOf(details.counterexample[0]),
      sequence: details.counterexample[0],
      violation: details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance),
    });
  return report;
}
