/** The traffic and its judge in a thread of their own, so that the driver's work shows in no latency. Started by thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { Judge, type Verdict } from './judge.ts';
import type { Mark } from './timeline.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

export type ToWorker = { type: 'mark'; mark: Mark } | { type: 'stop' };
export type FromWorker = { type: 'progress'; answered: number } | { type: 'ended'; verdict: Verdict; wentAway: number };

const PROGRESS_MS = 100;

const judge = new Judge();
const say = (message: FromWorker) => parentPort?.postMessage(message);
let traffic: Traffic | null = null;
const progress = setInterval(() => say({ type: 'progress', answered: judge.answered }), PROGRESS_MS);

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'mark') {
    judge.mark(message.mark);
    // The first mark says which version is right: no request may be older than that.
    traffic ??= new Traffic(workerData as TrafficOptions, (record) => judge.add(record));
  } else void end();
});

async function end(): Promise<void> {
  await traffic?.stop();
  clearInterval(progress);
  say({ type: 'ended', verdict: judge.verdict(), wentAway: traffic?.wentAway ?? 0 });
  parentPort?.close();
}
