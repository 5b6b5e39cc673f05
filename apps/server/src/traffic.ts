/** Traffic figures as the API shows them: a series without gaps, its totals, and the last minutes in one line. */
import { SUMMARY_MINUTES, type TrafficFiguresView, type TrafficSummaryView, type TrafficView } from '@teal/contracts';
import {
  addTraffic,
  LATENCY_BOUNDS_MS,
  latencyQuantileMs,
  NO_TRAFFIC,
  requestsOf,
  type TrafficFigures,
  type TrafficMinute,
} from '@teal/core';
import type { OwnedApp, Within } from '@teal/store';

const MINUTE_MS = 60_000;
const POOLS = ['total', 'blue', 'green', 'router'] as const;
type PoolName = (typeof POOLS)[number];
type Sums = Record<PoolName, TrafficFigures>;

export interface Span {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

/** The span of the last `minutes`, in whole steps of the clock: the last one is under way, and asking again gives the same steps. */
export function spanOf(nowMs: number, { minutes, step }: { minutes: number; step: number }): Span {
  const stepMs = step * MINUTE_MS;
  const toMs = nowMs - (nowMs % stepMs) + stepMs;
  return { fromMs: toMs - Math.ceil(minutes / step) * stepMs, toMs, stepMs };
}

/** `minutes` are those within the span. */
export function trafficView({ fromMs, toMs, stepMs }: Span, minutes: readonly TrafficMinute[]): TrafficView {
  const steps = Array.from({ length: (toMs - fromMs) / stepMs }, () => nothing());
  const totals = nothing();
  for (const minute of minutes) {
    const sums = steps[Math.floor((minute.minute.getTime() - fromMs) / stepMs)];
    for (const target of [sums, totals]) if (target !== undefined) addTo(target, minute);
  }
  const pointsOf = (pool: PoolName) =>
    steps.map((sums, index) => ({ minute: iso(fromMs + index * stepMs), ...figuresView(sums[pool]) }));
  return {
    from: iso(fromMs),
    to: iso(toMs),
    stepMinutes: stepMs / MINUTE_MS,
    series: perPool(pointsOf),
    totals: perPool((pool) => figuresView(totals[pool])),
  };
}

/** The last minutes of an app; `now` is within the last of them. */
export async function trafficSummary(within: Within, app: OwnedApp, now: Date): Promise<TrafficSummaryView> {
  const { fromMs, toMs } = spanOf(now.getTime(), { minutes: SUMMARY_MINUTES, step: 1 });
  const minutes = await within.traffic.read(app, { from: new Date(fromMs), to: new Date(toMs) });
  const sum = minutes.reduce<TrafficFigures>(addTraffic, NO_TRAFFIC);
  const requests = requestsOf(sum);
  return {
    minutes: SUMMARY_MINUTES,
    requests,
    requestsPerMinute: requests / ((now.getTime() - fromMs) / MINUTE_MS),
    errorShare: requests === 0 ? null : sum.statuses['5xx'] / requests,
    p50Ms: quantileMs(sum, 0.5),
    p99Ms: quantileMs(sum, 0.99),
  };
}

function nothing(): Sums {
  return perPool(() => NO_TRAFFIC);
}

function addTo(sums: Sums, minute: TrafficMinute): void {
  const pool = minute.colour ?? 'router';
  sums.total = addTraffic(sums.total, minute);
  sums[pool] = addTraffic(sums[pool], minute);
}

function perPool<T>(make: (pool: PoolName) => T): Record<PoolName, T> {
  return { total: make('total'), blue: make('blue'), green: make('green'), router: make('router') };
}

function figuresView(figures: TrafficFigures): TrafficFiguresView {
  return {
    requests: requestsOf(figures),
    statuses: { ...figures.statuses },
    p50Ms: quantileMs(figures, 0.5),
    p90Ms: quantileMs(figures, 0.9),
    p99Ms: quantileMs(figures, 0.99),
    bytesIn: figures.bytesIn,
    bytesOut: figures.bytesOut,
  };
}

/** JSON has no infinity: what is slower than the last bound is given as that bound. */
function quantileMs(figures: TrafficFigures, quantile: number): number | null {
  const ms = latencyQuantileMs(figures, quantile);
  return ms === null ? null : Math.min(ms, LATENCY_BOUNDS_MS.at(-1) ?? ms);
}

const iso = (ms: number) => new Date(ms).toISOString();
