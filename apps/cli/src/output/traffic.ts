/** Traffic as lines for people: the last minutes in one line, a request of the access log in another. */
import type { AccessEntryView, TrafficSummaryView } from '@teal/contracts';
import { cleanWord } from './clean.ts';
import { duration, timeOfDay } from './moment.ts';
import type { Paint } from './paint.ts';
import { shortId } from './view.ts';

const SLOWEST_MS = 30_000;
const REQUEST_MAX = 120;

/** `120 req/min · 0.1 % errors · p50 5 ms · p99 35 ms (last 5 min)`. */
export function trafficLine(traffic: TrafficSummaryView): string {
  const span = `(last ${traffic.minutes} min)`;
  if (traffic.requests === 0) return `no requests ${span}`;
  const parts = [
    `${rate(traffic.requestsPerMinute)} req/min`,
    `${percent(traffic.errorShare ?? 0)} errors`,
    `p50 ${latency(traffic.p50Ms)}`,
    `p99 ${latency(traffic.p99Ms)}`,
  ];
  return `${parts.join(' · ')} ${span}`;
}

/** What strangers wrote in it (method, host, path) is harmless afterwards. */
export function accessLine(paint: Paint, entry: AccessEntryView): string {
  const asked = word(`${entry.host}${entry.path}`);
  const request = asked.length > REQUEST_MAX ? `${asked.slice(0, REQUEST_MAX - 1)}…` : asked;
  return [
    paint.dim(timeOfDay(entry.at)),
    paintStatus(paint, entry.status),
    word(entry.method).slice(0, 20).padEnd(4),
    request,
    duration(entry.durationMs),
    size(entry.bytesOut),
    paint.dim(entry.instanceId === null ? 'router' : `${entry.colour ?? ''} ${shortId(entry.instanceId)}`.trim()),
  ].join('  ');
}

/** Spaces would let a path look like the columns beside it. */
function word(text: string): string {
  return cleanWord(text).replace(/\s/gu, '\ufffd');
}

function rate(perMinute: number): string {
  return perMinute < 10 ? perMinute.toFixed(1) : String(Math.round(perMinute));
}

function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value >= 10) return `${Math.round(value)} %`;
  return value < 0.1 ? '< 0.1 %' : `${value.toFixed(1)} %`;
}

/** Whole buckets: the bound is as precise as it gets. */
function latency(ms: number | null): string {
  if (ms === null) return '–';
  return ms >= SLOWEST_MS ? '≥ 30 s' : ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function paintStatus(paint: Paint, status: number): string {
  const text = String(status);
  if (status >= 500) return paint.red(text);
  if (status >= 400) return paint.yellow(text);
  return paint.green(text);
}
