/** Puts the figures into a table for people and an object for machines. Pure but for reading what the machine is. */
import { cpus, loadavg, totalmem } from 'node:os';
import type { BigPushFigures } from './bigpush.ts';
import type { FlipFigures } from './flips.ts';
import type { MetricsFigures } from './metrics.ts';
import type { PushFigures } from './push.ts';
import type { ReviveFigures } from './revive.ts';
import type { RouterFigures } from './router.ts';

export interface Figures {
  router?: RouterFigures;
  metrics?: MetricsFigures;
  push?: PushFigures;
  revive?: ReviveFigures;
  flips?: FlipFigures;
  bigPush?: BigPushFigures;
}

const ms = (value: number) => `${Math.round(value)} ms`;
const mib = (value: number) => `${Math.round(value)} MiB`;

/** Says how busy the machine was before: a figure from a busy machine is no figure. */
export function machineLine(): string {
  const [load = 0] = loadavg();
  const gib = Math.round(totalmem() / 1024 ** 3);
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${gib} GiB, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; load before the start ${load.toFixed(1)}`;
}

type Row = readonly [figure: string, value: string, aim: string, detail: string];

function pushRows(figures: PushFigures): Row[] {
  const { bare } = figures;
  const parts = `build ${ms(bare.buildMs)}, create ${ms(bare.createMs)}, start ${ms(bare.startMs)}, answer ${ms(bare.answerMs)}`;
  return [
    ['push to live / bare engine', figures.push_to_live_ratio.toFixed(2), '≤ 1.5', `${figures.pairs} pairs, medians`],
    [
      'push to live',
      ms(figures.push_to_live_ms),
      '',
      `p95 ${ms(figures.push_to_live_p95_ms)}; git push ends at ${ms(figures.push_end_ms)}`,
    ],
    ['bare engine', ms(figures.bare_ms), '', parts],
  ];
}

function flipRows(figures: FlipFigures): Row[] {
  const kinds = Object.entries(figures.by_kind).map(([kind, count]) => `${count} ${kind}`);
  const took = `${Math.round(figures.duration_ms / 1000)} s, slowest quick request ${ms(figures.slowest_ms)}, server ${mib(figures.memory_after_mib)} after`;
  return [
    ['flips under load', String(figures.flips), '200', `${figures.from_asleep} of them to a sleeping version; ${took}`],
    ['requests during the flips', String(figures.flip_requests), '≥ 100000', kinds.join(', ')],
    ['lost', String(figures.flip_lost), '0', figures.errors[0] ?? ''],
  ];
}

function metricsRows(figures: MetricsFigures): Row[] {
  const detail = `median; ${mib(figures.metrics_10k_apps_mib)} of text, ${ms(figures.metrics_cpu_ms)} of the server's CPU`;
  return [
    ['scrape with 10,000 apps', ms(figures.metrics_10k_apps_ms), '≤ 200 ms', detail],
    ['others wait meanwhile', ms(figures.metrics_stall_ms), '≤ 50 ms', 'the longest turn of the event loop'],
  ];
}

function routerRows({ proxies, rounds, ...figures }: RouterFigures): Row[] {
  const each = proxies.map(({ name, cpu_us, helper_us, vs_haproxy }) => {
    const beside = helper_us > 0 ? `; its supervisor ${helper_us.toFixed(1)} µs` : '';
    return [
      `CPU per request: ${name}`,
      `${cpu_us.toFixed(1)} µs`,
      '',
      `${vs_haproxy.toFixed(2)} × plain HAProxy${beside}`,
    ];
  }) satisfies string[][] as unknown as Row[];
  return [
    ...each,
    [
      'Teal / plain HAProxy',
      figures.router_cpu_vs_haproxy.toFixed(2),
      '≤ 1.5',
      `${rounds} rounds, median of their ratios`,
    ],
    ['Teal / Caddy', figures.router_cpu_vs_caddy.toFixed(2), '≤ 0.5', ''],
    [
      'flip with 10,000 apps',
      `${figures.flip_ms_p50_10k_apps.toFixed(2)} ms`,
      '≤ 1 ms',
      'median until it is acknowledged',
    ],
    ['1,000 apps after a kill', ms(figures.restore_1000_apps_ms), '≤ 500 ms', 'until the last one answers'],
    [
      'memory with 10,000 apps',
      mib(figures.router_rss_mib_10k_apps),
      '≤ 286 MiB',
      `HAProxy; its supervisor ${mib(figures.supervisor_rss_mib_10k_apps)}`,
    ],
  ];
}

function rowsOf({ router, metrics, push, revive, flips, bigPush }: Figures): Row[] {
  const rows: Row[] = [];
  if (router) rows.push(...routerRows(router));
  if (metrics) rows.push(...metricsRows(metrics));
  if (push) rows.push(...pushRows(push));
  if (revive) {
    const detail = `${revive.revives} revives, median; p95 ${ms(revive.revive_asleep_p95_ms)}`;
    rows.push(['revive from asleep', ms(revive.revive_asleep_ms), '≤ 150 ms', detail]);
  }
  if (flips) rows.push(...flipRows(flips));
  if (bigPush) {
    const each = bigPush.pushes.map(({ what, peak }) => `${what}: ${mib(peak.pssMib)} (RSS ${mib(peak.rssMib)})`);
    const detail = `PSS; idle ${mib(bigPush.idle_mib)}; ${each.join('; ')}`;
    rows.push(['memory of a 200 MiB push', mib(bigPush.push_200mib_rss_mib), '< 200 MiB', detail]);
    if (bigPush.data_plane_mib > 0)
      rows.push([
        'memory of HAProxy beside it',
        mib(bigPush.data_plane_mib),
        '',
        'PSS, with its supervisor; not in the line above',
      ]);
  }
  return rows;
}

/** A Markdown table. */
export function tableOf(figures: Figures): string {
  const rows: Row[] = [['figure', 'value', 'aim', 'detail'], ...rowsOf(figures)];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${[...widths, 6].map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** Only what was measured. */
export function jsonOf({ router, metrics, push, revive, flips, bigPush }: Figures): Record<string, number> {
  return {
    ...(router && {
      router_cpu_vs_haproxy: round(router.router_cpu_vs_haproxy, 3),
      router_cpu_vs_caddy: round(router.router_cpu_vs_caddy, 3),
      flip_ms_p50_10k_apps: round(router.flip_ms_p50_10k_apps, 3),
      restore_1000_apps_ms: round(router.restore_1000_apps_ms, 1),
      router_rss_mib_10k_apps: round(router.router_rss_mib_10k_apps, 1),
    }),
    ...(metrics && {
      metrics_10k_apps_ms: round(metrics.metrics_10k_apps_ms, 1),
      metrics_stall_ms: round(metrics.metrics_stall_ms, 1),
    }),
    ...(push && {
      push_to_live_ratio: round(push.push_to_live_ratio, 3),
      push_to_live_ms: round(push.push_to_live_ms, 1),
    }),
    ...(revive && { revive_asleep_ms: round(revive.revive_asleep_ms, 1) }),
    ...(flips && { flips: flips.flips, flip_requests: flips.flip_requests, flip_lost: flips.flip_lost }),
    ...(bigPush && { push_200mib_rss_mib: round(bigPush.push_200mib_rss_mib, 1) }),
  };
}
