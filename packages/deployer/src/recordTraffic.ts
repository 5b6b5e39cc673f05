/**
 * Keeps the router's traffic figures: takes them as they come, adds them to the store, and holds on to what a failing
 * store does not take. Each figure is added once: a batch whose answer was lost is told again as it was.
 */
import { addTraffic, type TrafficMinute } from '@teal/core';
import type { Context } from './context.ts';
import type { Router } from './ports/router.ts';
import type { TrafficBatch } from './ports/store.ts';

/** How long figures are kept. */
export const TRAFFIC_KEPT_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Rows of one statement. */
const BATCH_ROWS = 5_000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 15_000;
/** After each batch the store is left alone for so many times as long as it took: a row costs it 0.1 ms. */
const REST = 4;
const REST_MAX_MS = 15_000;

export interface TrafficRecorder {
  /** Subscribes to the router. Once. */
  start(router: Pick<Router, 'watchTraffic'>): void;
  /** Calls `listener` with the figures as they come, whatever the store does. */
  watch(listener: (minutes: readonly TrafficMinute[]) => void): void;
  /** Ends the subscription and adds what is left: after the router is closed. What the store does not take then is lost. */
  close(): Promise<void>;
}

export interface TrafficRecorderOptions extends Pick<Context, 'clock' | 'log'> {
  store: Pick<Context['store'], 'traffic'>;
  /** Names this life of this process. */
  writer: string;
  /** Rows that may wait for the store; beyond, older minutes are merged into hours, then the oldest are dropped. */
  maxWaiting?: number;
}

export function createTrafficRecorder(options: TrafficRecorderOptions): TrafficRecorder {
  const { store, clock, log, writer } = options;
  const waiting = new WaitingTraffic(options.maxWaiting ?? 50_000);
  const listeners = new Set<(minutes: readonly TrafficMinute[]) => void>();
  const closing = new AbortController();
  let batch: TrafficBatch | null = null;
  let number = 0;
  let adding: Promise<boolean> | null = null;

  function take(minutes: readonly TrafficMinute[]): void {
    const dropped = waiting.add(minutes, clock.now().getTime());
    if (dropped > 0) log.warn({ rows: dropped }, 'traffic figures were dropped: the store has taken none for long');
    for (const listener of listeners) listener(minutes);
    adding ??= addAll().finally(() => {
      adding = null;
    });
  }

  /** Adds until nothing waits: true. A failure of what was tried after the closing began is the last. */
  async function addAll(): Promise<boolean> {
    let retryMs = RETRY_MIN_MS;
    for (;;) {
      batch ??= nextBatch();
      if (batch === null) return true;
      const isClosing = closing.signal.aborted;
      const beganMs = clock.now().getTime();
      try {
        await store.traffic.add(batch);
        batch = null;
        retryMs = RETRY_MIN_MS;
        const tookMs = clock.now().getTime() - beganMs;
        if (!isClosing) await clock.sleep(Math.min(tookMs * REST, REST_MAX_MS), closing.signal);
      } catch (error) {
        if (retryMs === RETRY_MIN_MS) log.warn({ err: error }, 'traffic figures were not stored; it is tried again');
        if (isClosing) return false;
        await clock.sleep(retryMs, closing.signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  function nextBatch(): TrafficBatch | null {
    const minutes = waiting.takeOldest(BATCH_ROWS);
    if (minutes.length === 0) return null;
    number += 1;
    return { writer, number, minutes };
  }

  return {
    start: (router) => router.watchTraffic(take, closing.signal),
    watch: (listener) => void listeners.add(listener),
    async close() {
      closing.abort();
      if ((await adding) ?? true) await addAll();
    },
  };
}

/** Figures that wait, one row per app, colour and minute; bounded. */
class WaitingTraffic {
  readonly #maxRows: number;
  #rows = new Map<string, TrafficMinute>();

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Returns how many rows had to go: those older than a day, and the oldest where there are too many. */
  add(minutes: readonly TrafficMinute[], nowMs: number): number {
    const oldestMs = nowMs - TRAFFIC_KEPT_MS;
    for (const minute of minutes) this.#merge(minute);
    if (this.#rows.size <= this.#maxRows) return 0;
    const before = this.#rows;
    this.#rows = new Map();
    const ordered = [...before.values()].sort((a, b) => b.minute.getTime() - a.minute.getTime());
    let dropped = 0;
    for (const minute of ordered) {
      const merged = atMs(minute) > nowMs - 5 * MINUTE_MS ? minute : toHour(minute);
      const hasRoom = this.#rows.size < this.#maxRows || this.#rows.has(keyOf(merged));
      if (atMs(minute) >= oldestMs && hasRoom) this.#merge(merged);
      else dropped += 1;
    }
    return dropped;
  }

  takeOldest(count: number): TrafficMinute[] {
    const taken = [...this.#rows.values()].sort((a, b) => atMs(a) - atMs(b)).slice(0, count);
    for (const minute of taken) this.#rows.delete(keyOf(minute));
    return taken;
  }

  #merge(minute: TrafficMinute): void {
    const key = keyOf(minute);
    const known = this.#rows.get(key);
    this.#rows.set(key, known === undefined ? minute : { ...minute, ...addTraffic(known, minute) });
  }
}

const atMs = ({ minute }: TrafficMinute) => minute.getTime();

function keyOf({ appId, colour, minute }: TrafficMinute): string {
  return `${minute.getTime()} ${appId} ${colour}`;
}

function toHour(minute: TrafficMinute): TrafficMinute {
  const ms = atMs(minute);
  return { ...minute, minute: new Date(ms - (ms % HOUR_MS)) };
}
