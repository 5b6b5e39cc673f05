/** Part "flips": the traffic goes back and forth between two versions while every answer is checked. */
import { setTimeout as pause } from 'node:timers/promises';
import { type LoadReport, startLoad } from '../load/load.ts';
import { reviveOnce } from '../load/revive.ts';
import { sampleMemory } from './memory.ts';
import { createTwoVersions } from './revive.ts';
import type { Work } from './work.ts';

const CONNECTIONS = 24;
/** Every so many flips the old version is given the time to drain and fall asleep; the others come as quick as they can. */
const ASLEEP_EVERY = 5;
const STREAMS = 'slow-stream';

export interface FlipFigures {
  flips: number;
  flip_requests: number;
  /** Requests that failed, and answers from neither of the two versions. */
  flip_lost: number;
  /** Flips to a version that was asleep, the others to one that was still draining. */
  from_asleep: number;
  by_kind: LoadReport['byKind'];
  slowest_ms: number;
  duration_ms: number;
  /** Of the server, once the load has ended. */
  memory_after_mib: number;
  errors: readonly string[];
}

export async function measureFlips(work: Work): Promise<FlipFigures> {
  const { platform, options } = work;
  const subject = await createTwoVersions(work, 'bench-flips');
  const load = startLoad({
    address: platform.routerAddress,
    host: platform.hostOf(subject.name),
    keepAliveConnections: CONNECTIONS,
    kinds: ['get', 'post', STREAMS],
    signal: work.signal,
  });
  let fromAsleep = 0;
  try {
    for (let flip = 1; flip <= options.flips; flip += 1) {
      const asleep = flip % ASLEEP_EVERY === 0;
      if ((await reviveOnce(platform, subject.name, { asleep, signal: work.signal })).fromAsleep) fromAsleep += 1;
      // The flips are spread over the requests: the last ones are flipped across, too.
      const due = (options.requests * flip) / options.flips;
      while (load.counters.requests < due && !work.signal.aborted) await pause(20);
      work.signal.throwIfAborted();
      if (flip % 10 === 0) {
        const { requests, failed } = load.counters;
        work.say(`flip ${flip} of ${options.flips}: ${requests} requests, ${failed} failed`);
      }
    }
  } finally {
    await load.stop();
  }
  const { pssMib } = await sampleMemory(platform.pid);
  return { ...figures(await load.stop(), options.flips, fromAsleep), memory_after_mib: pssMib };
}

function figures(report: LoadReport, flips: number, fromAsleep: number): Omit<FlipFigures, 'memory_after_mib'> {
  const strangers = Object.entries(report.versionsSeen).filter(([version]) => version !== 'a' && version !== 'b');
  const fromStrangers = strangers.reduce((sum, [, answers]) => sum + answers, 0);
  return {
    flips,
    flip_requests: report.requests,
    flip_lost: report.failed + fromStrangers,
    from_asleep: fromAsleep,
    by_kind: report.byKind,
    slowest_ms: report.slowestMs,
    duration_ms: report.durationMs,
    errors: report.errors,
  };
}
