/** Adds up answered requests per app, pool and minute, and tells what came since it was last told. Keeps no totals. */
import { type AccessEntry, latencyBucket, NO_TRAFFIC, statusClass, type TrafficMinute } from '@teal/core';

/** What the figures are made of. */
export type TrafficFacts = Pick<
  AccessEntry,
  'at' | 'appId' | 'colour' | 'status' | 'bytesIn' | 'bytesOut' | 'durationMs'
>;

export interface TrafficMeterOptions {
  /** Between two calls of a listener. */
  intervalMs?: number;
  /** What nobody asks for is dropped after so long. */
  keptMs?: number;
  /** Called with what a listener threw. */
  trouble(error: unknown): void;
}

type Listener = (minutes: readonly TrafficMinute[]) => void;

interface Sum {
  appId: string;
  colour: TrafficMinute['colour'];
  statuses: Record<keyof TrafficMinute['statuses'], number>;
  latency: number[];
  bytesIn: number;
  bytesOut: number;
}

const MINUTE_MS = 60_000;

export class TrafficMeter {
  readonly #intervalMs: number;
  readonly #keptMs: number;
  readonly #trouble: (error: unknown) => void;
  readonly #listeners = new Set<Listener>();
  /** Begin of the minute → app and colour → what has not been told yet. */
  #minutes = new Map<number, Map<string, Sum>>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ intervalMs = 2_000, keptMs = 24 * 60 * MINUTE_MS, trouble }: TrafficMeterOptions) {
    this.#intervalMs = intervalMs;
    this.#keptMs = keptMs;
    this.#trouble = trouble;
  }

  /** Counts one answered request, in the minute in which its answer ended. */
  record(facts: TrafficFacts): void {
    const sum = this.#sum(facts);
    sum.statuses[statusClass(facts.status)] += 1;
    // The hours that a WebSocket stays open say nothing about how quick an app is.
    if (facts.status !== 101) {
      const bucket = latencyBucket(facts.durationMs);
      sum.latency[bucket] = (sum.latency[bucket] ?? 0) + 1;
    }
    sum.bytesIn += facts.bytesIn;
    sum.bytesOut += facts.bytesOut;
    this.#arm();
  }

  /** Everything since the last call; figures of the same minute add up over calls. */
  take(): TrafficMinute[] {
    const taken: TrafficMinute[] = [];
    for (const [begin, sums] of this.#minutes) {
      for (const sum of sums.values()) taken.push({ ...sum, minute: new Date(begin) });
    }
    this.#minutes = new Map();
    return taken;
  }

  /** Every listener is told the same; a later one gets what nobody was told before. */
  watch(listener: Listener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const own: Listener = (minutes) => listener(minutes);
    this.#listeners.add(own);
    signal.addEventListener('abort', () => this.#leave(own), { once: true });
    this.#arm();
  }

  /** Tells the rest and lets every listener go. */
  close(): void {
    this.#tell();
    this.#listeners.clear();
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  #arm(): void {
    if (this.#timer !== null || this.#listeners.size === 0 || this.#minutes.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tell();
    }, this.#intervalMs);
  }

  #tell(): void {
    if (this.#listeners.size === 0 || this.#minutes.size === 0) return;
    const minutes = this.take();
    for (const listener of this.#listeners) {
      try {
        listener(minutes);
      } catch (error) {
        this.#trouble(error);
      }
    }
  }

  #sum({ at, durationMs, appId, colour }: TrafficFacts): Sum {
    const endedAt = at.getTime() + durationMs;
    const begin = endedAt - (endedAt % MINUTE_MS);
    let sums = this.#minutes.get(begin);
    if (sums === undefined) {
      sums = new Map();
      this.#minutes.set(begin, sums);
      for (const earlier of this.#minutes.keys()) if (earlier < begin - this.#keptMs) this.#minutes.delete(earlier);
    }
    const key = `${appId} ${colour}`;
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = {
        appId,
        colour,
        statuses: { ...NO_TRAFFIC.statuses },
        latency: [...NO_TRAFFIC.latency],
        bytesIn: 0,
        bytesOut: 0,
      };
      sums.set(key, sum);
    }
    return sum;
  }
}
