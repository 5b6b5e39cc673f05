/**
 * Looks again and again at what instances use: keeps the last look at hand, and adds what lies between two looks to the minute's
 * figures. What the engine or the store does not take is a gap in the figures and nothing more.
 */
import type { UsageMinute } from '@teal/core';
import type { Context } from './context.ts';
import type { InstanceUsage } from './ports/engine.ts';
import type { UsageRecords } from './ports/usage.ts';
import { TRAFFIC_KEPT_MS } from './recordTraffic.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The last look at an instance. */
export interface UsageNow extends InstanceUsage {
  /** Cores' worth of time since the look before; null at the first. */
  cpuShare: number | null;
}

export interface UsageRecorder {
  /** Of every instance that the last look found, by id. */
  latest(): ReadonlyMap<string, UsageNow>;
  /** Calls `listener` after each look that found instances, once it is stored. Returns the function that ends it. */
  watch(listener: () => void): () => void;
  /** Waits for the look that is under way. */
  close(): Promise<void>;
}

export interface UsageRecorderOptions extends Pick<Context, 'clock' | 'log'> {
  engine: Pick<Context['engine'], 'usage'>;
  records: Pick<UsageRecords, 'add' | 'purge'>;
  everyMs: number;
}

interface Look {
  atMs: number;
  usages: ReadonlyMap<string, UsageNow>;
}

export function startUsageRecorder(options: UsageRecorderOptions): UsageRecorder {
  const { engine, records, clock, log, everyMs } = options;
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let last: Look = { atMs: 0, usages: new Map() };
  let purgedMs = 0;
  let isFailing = false;

  async function look(): Promise<void> {
    const found = await engine.usage();
    const before = last;
    const atMs = clock.monotonicMs();
    const usages = found.map((usage) => ({ ...usage, cpuShare: shareSince(before, usage, atMs) }));
    last = { atMs, usages: new Map(usages.map((usage) => [usage.instanceId, usage])) };
    const now = clock.now();
    if (usages.length > 0) await records.add(usages.map((usage) => toMinute(usage, now, atMs - before.atMs)));
    if (usages.length > 0) for (const listener of listeners) listener();
    if (now.getTime() - purgedMs < HOUR_MS) return;
    await records.purge(new Date(now.getTime() - TRAFFIC_KEPT_MS));
    purgedMs = now.getTime();
  }

  async function lookAgainAndAgain(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await look();
        isFailing = false;
      } catch (error) {
        // told once, until it has gone well again
        if (!isFailing) log.warn({ err: error }, 'what instances use was not recorded; it is tried again');
        isFailing = true;
      }
      await clock.sleep(everyMs, closing.signal);
    }
  }

  const looking = lookAgainAndAgain();
  return {
    latest: () => last.usages,
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closing.abort();
      await looking;
    },
  };
}

/** Null at the first look, and where its time began anew: it was started again in between. */
function shareSince(before: Look, usage: InstanceUsage, atMs: number): number | null {
  const known = before.usages.get(usage.instanceId);
  if (known === undefined || usage.cpuSeconds < known.cpuSeconds || atMs <= before.atMs) return null;
  return ((usage.cpuSeconds - known.cpuSeconds) * 1_000) / (atMs - before.atMs);
}

function toMinute(usage: UsageNow, now: Date, elapsedMs: number): UsageMinute {
  const { instanceId, appId, cpuShare, memoryBytes, memoryLimitBytes } = usage;
  const measuredMs = cpuShare === null ? 0 : Math.round(elapsedMs);
  return {
    appId,
    instanceId,
    minute: new Date(now.getTime() - (now.getTime() % MINUTE_MS)),
    cpuMs: Math.round((cpuShare ?? 0) * measuredMs),
    measuredMs,
    memoryBytes,
    memoryLimitBytes,
  };
}
