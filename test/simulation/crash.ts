/** Shares the enumeration's tasks among worker threads and adds up what they found. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { emptyTally, type Tally, type Task } from './enumerate.ts';

/** Scenarios with many calls first, so that the threads end together. */
export async function strikeAll(tasks: readonly Task[], onDone: (task: Task, tally: Tally) => void = () => {}) {
  const total = emptyTally();
  const left = [...tasks];
  const work = async () => {
    const worker = new Worker(new URL('striker.ts', import.meta.url), { execArgv: [] });
    try {
      for (let task = left.shift(); task !== undefined; task = left.shift()) {
        const tally = await answerOf(worker, task);
        add(total, tally);
        onDone(task, tally);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, work));
  return total;
}

function answerOf(worker: Worker, task: Task): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.once('message', (tally: Tally) => {
      worker.off('error', reject);
      resolve(tally);
    });
    worker.once('error', reject);
    worker.postMessage(task);
  });
}

function add(total: Tally, { points, runs, checks, calls, lateEffects, found }: Tally): void {
  total.points += points;
  total.runs += runs;
  total.checks += checks;
  total.calls += calls;
  total.lateEffects += lateEffects;
  total.found.push(...found);
}
