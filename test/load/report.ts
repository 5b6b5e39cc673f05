/** Puts the figures of a load proof into an object for machines and a table for people. Pure. */
import { upperBound95 } from './bound.ts';
import type { Deeds } from './driver.ts';
import type { Excuse } from './excuse.ts';
import type { KindFigures, Sample, Verdict } from './judge.ts';
import type { Kind } from './record.ts';

export interface ProofReport extends Record<Excuse, number> {
  /** Acknowledged changes of the live version: revives and deployments. */
  flips: number;
  /** That ended, well or not, without those that were on something killed or met a router that was down. */
  requests: number;
  /** Not answered whole and right; without those that were on something killed. */
  lost: number;
  /** Answered by a version that was not right at any moment of the request. */
  late: number;
  /** POSTs and uploads that apps took more than once. */
  duplicates: number;
  p99_ms_inside: number | null;
  p99_ms_outside: number | null;
  p50_ms_inside: number | null;
  p50_ms_outside: number | null;
  /** With 95 % confidence fewer requests than this share are lost. */
  loss_rate_bound_95: number;
  /** Answered POSTs of which no app knows; counted as lost, too. */
  answered_but_never_taken: number;
  websockets_told_to_go: number;
  router: string;
  engine: string;
  duration_s: number;
  deeds: Deeds;
  router_back_ms: number[];
  by_kind: Partial<Record<Kind, KindFigures>>;
  versions: Record<string, number>;
  duplicate_ids: number[];
  samples: Sample[];
}

export interface Findings {
  verdict: Verdict;
  wentAway: number;
  duplicates: readonly number[];
  missing: readonly number[];
  deeds: Deeds;
  routerBackMs: readonly number[];
  router: string;
  engine: string;
  durationMs: number;
}

const MAX_IDS = 20;

export function reportOf({ verdict, ...found }: Findings): ProofReport {
  const lost = verdict.lost + found.missing.length;
  return {
    flips: verdict.flips,
    requests: verdict.requests,
    lost,
    late: verdict.late,
    duplicates: found.duplicates.length,
    ...verdict.quick,
    loss_rate_bound_95: upperBound95(lost, verdict.requests),
    ...verdict.excused,
    answered_but_never_taken: found.missing.length,
    websockets_told_to_go: found.wentAway,
    router: found.router,
    engine: found.engine,
    duration_s: Math.round(found.durationMs / 1_000),
    deeds: found.deeds,
    router_back_ms: found.routerBackMs.map(Math.round),
    by_kind: verdict.byKind,
    versions: verdict.versions,
    duplicate_ids: found.duplicates.slice(0, MAX_IDS),
    samples: verdict.samples,
  };
}

export function isClean({ lost, late, duplicates }: ProofReport): boolean {
  return lost + late + duplicates === 0;
}

const ms = (value: number | null) => (value === null ? '' : `${value.toFixed(1)}`);

/** A Markdown table of the kinds, and a line for everything else. */
export function tableOf(report: ProofReport): string {
  const rows = [
    ['kind', 'requests', 'lost', 'late', 'p50 inside', 'p99 inside', 'p50 outside', 'p99 outside'],
    ...Object.entries(report.by_kind).map(([kind, figures]) => [
      kind,
      String(figures.requests),
      String(figures.lost),
      String(figures.late),
      ...[figures.p50_ms_inside, figures.p99_ms_inside, figures.p50_ms_outside, figures.p99_ms_outside].map(ms),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [
    ...summary(report),
    '',
    lines[0],
    rule,
    ...lines.slice(1),
    '',
    ...report.samples.filter(isFault).map(sentence),
  ].join('\n');
}

function summary(report: ProofReport): string[] {
  const deeds = Object.entries(report.deeds).map(([deed, times]) => `${times} ${deed.replaceAll('_', ' ')}`);
  const { flips, requests, lost, late, duplicates } = report;
  return [
    `router ${report.router}, engine ${report.engine}, ${report.duration_s} s: ${deeds.join(', ')}`,
    `${flips} flips, ${requests} requests, ${lost} lost, ${late} late, ${duplicates} duplicates; ` +
      `loss rate below ${report.loss_rate_bound_95.toExponential(1)} (95 %)`,
    `quick requests, ms: inside flips p50 ${ms(report.p50_ms_inside)}, p99 ${ms(report.p99_ms_inside)}; ` +
      `outside p50 ${ms(report.p50_ms_outside)}, p99 ${ms(report.p99_ms_outside)}`,
    `told apart from losses: ${report.in_flight_of_killed} in flight on killed instances, ` +
      `${report.in_flight_of_killed_router} on a killed router, ${report.while_router_down} while the router was down; ` +
      `${report.websockets_told_to_go} WebSockets told to go`,
  ];
}

/** The others are in the JSON. */
function isFault({ what }: Sample): boolean {
  return what === 'lost' || what === 'late';
}

function sentence({ what, record, phase, tookMs, sinceFlipMs }: Sample): string {
  const { kind, line, id, reused, status, version, failure, bodyBytes, instance } = record;
  const facts = [
    `${what}: ${kind} ${line}${id === null ? '' : `, number ${id}`}, during ${phase}`,
    failure ?? `answered by ${version}`,
    `status ${status ?? 'none'}, ${bodyBytes} bytes, ${reused ? 'kept' : 'new'} connection, after ${tookMs.toFixed(1)} ms`,
    sinceFlipMs === null ? 'before the first flip' : `begun ${sinceFlipMs.toFixed(1)} ms after a flip`,
    instance === null ? '' : `on ${instance}`,
  ];
  return facts.filter((fact) => fact !== '').join('; ');
}
