/** Divides model runs into shares with seeds of their own, and shares them among worker threads. */
import { Worker } from 'node:worker_threads';
import { check, emptyReport, type Report, type Share } from './check.ts';

const RUNS_PER_SHARE = 100;

export function sharesOf(seed: number, runs: number): Share[] {
  const count = Math.ceil(runs / RUNS_PER_SHARE);
  return Array.from({ length: count }, (_, n) => ({
    seed: seed + n,
    runs: Math.min(RUNS_PER_SHARE, runs - n * RUNS_PER_SHARE),
  }));
}

/** `threads` 0: in this one. */
export async function runShares(
  shares: readonly Share[],
  { threads, onDone = () => {} }: { threads: number; onDone?: (report: Report) => void },
): Promise<Report> {
  const total = emptyReport();
  const left = [...shares];
  const workThrough = async (checkOne: (share: Share) => Promise<Report>) => {
    for (let share = left.shift(); share !== undefined; share = left.shift()) {
      const report = await checkOne(share);
      add(total, report);
      onDone(report);
    }
  };
  const inThread = async () => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { execArgv: [] });
    await workThrough((share) => answerOf(worker, share)).finally(() => worker.terminate());
  };
  if (threads === 0) await workThrough(check);
  else await Promise.all(Array.from({ length: Math.min(threads, shares.length) }, inThread));
  return total;
}

function answerOf(worker: Worker, share: Share): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once('message', (report: Report) => {
      worker.off('error', reject);
      resolve(report);
    });
    worker.once('error', reject);
    worker.postMessage(share);
  });
}

function add(total: Report, { sequences, steps, calls, checks, failures }: Report): void {
  total.sequences += sequences;
  total.steps += steps;
  total.calls += calls;
  total.checks += checks;
  total.failures.push(...failures);
}
