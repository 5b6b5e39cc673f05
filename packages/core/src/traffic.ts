/** Traffic figures of an app's pool: how they are counted, added up and read. */
import type { Colour } from './colour.ts';

/** Upper bounds of the latency histogram's buckets in milliseconds; one more bucket takes what is slower. */
export const LATENCY_BOUNDS_MS = [
  1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;

export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

export interface TrafficFigures {
  /** Answers by status class; their sum is the number of requests. */
  statuses: Readonly<Record<StatusClass, number>>;
  /**
   * One count per bucket of {@link LATENCY_BOUNDS_MS}, and one for what is slower; from request to end of answer.
   * WebSockets (101) are not among them.
   */
  latency: readonly number[];
  /** Bytes from clients, and to them: bodies, WebSocket frames, and roughly the heads; nothing that TLS adds. */
  bytesIn: number;
  bytesOut: number;
}

/** The traffic of one pool, or of the router's own answers (`colour` null), in one minute. */
export interface TrafficMinute extends TrafficFigures {
  appId: string;
  colour: Colour | null;
  /** Begin of the minute in which the answer ended. */
  minute: Date;
}

/** One request of a client whose answer has ended, a WebSocket when it closed. The platform's own proofs are not told. */
export interface AccessEntry {
  /** When the request had been read. */
  at: Date;
  appId: string;
  /** The pool that answered; null when the router did. */
  colour: Colour | null;
  instanceId: string | null;
  clientHost: string;
  protocol: 'http' | 'https';
  /** As the client wrote them, cut to 1,024 characters, control characters replaced. */
  host: string;
  method: string;
  /** With its query. */
  path: string;
  /** 101 for a WebSocket; 499 when the client left before its answer began. */
  status: number;
  bytesIn: number;
  bytesOut: number;
  durationMs: number;
}

export const NO_TRAFFIC: TrafficFigures = Object.freeze({
  statuses: Object.freeze({ '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }),
  latency: Object.freeze(new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0)),
  bytesIn: 0,
  bytesOut: 0,
});

/** Index of the histogram bucket that a duration falls into. */
export function latencyBucket(durationMs: number): number {
  const index = LATENCY_BOUNDS_MS.findIndex((bound) => durationMs <= bound);
  return index < 0 ? LATENCY_BOUNDS_MS.length : index;
}

/** 101 counts as 1xx; what is no status (0, 999) as 5xx. */
export function statusClass(status: number): StatusClass {
  return STATUS_CLASSES[Math.floor(status / 100) - 1] ?? '5xx';
}

export function addTraffic(a: TrafficFigures, b: TrafficFigures): TrafficFigures {
  const statuses = { ...a.statuses };
  for (const name of STATUS_CLASSES) statuses[name] += b.statuses[name];
  return {
    statuses,
    latency: NO_TRAFFIC.latency.map((_, index) => (a.latency[index] ?? 0) + (b.latency[index] ?? 0)),
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
  };
}

export function requestsOf({ statuses }: Pick<TrafficFigures, 'statuses'>): number {
  return STATUS_CLASSES.reduce((sum, name) => sum + statuses[name], 0);
}

/** Upper bound in milliseconds of the bucket that holds the quantile (0–1); null without requests, Infinity beyond the last bound. */
export function latencyQuantileMs({ latency }: Pick<TrafficFigures, 'latency'>, quantile: number): number | null {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(total * quantile));
  for (const [index, count] of latency.entries()) {
    left -= count;
    if (left <= 0) return LATENCY_BOUNDS_MS[index] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
