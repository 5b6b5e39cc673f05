/** An app's requests, errors and answer times over time, as the router counted them. */
import type { TrafficView } from '@teal/contracts';
import { useMemo } from 'react';
import { formatBytes, formatMs, formatPercent, formatRate } from '../view/figures.ts';
import { Chart, type ChartMark } from './Chart.tsx';
import { Panel } from './Panel.tsx';

export interface TrafficChartsProps {
  traffic: TrafficView;
  /** What the time shown is called. */
  label: string;
  /** Times of the points that are shown: the last ones of the figures. */
  timesMs: readonly number[];
  marks: readonly ChartMark[];
}

export function TrafficCharts({ traffic, label, timesMs, marks }: TrafficChartsProps) {
  const { series, stepMinutes, totals } = traffic;
  const { total } = totals;
  const errors = total.statuses['5xx'];
  const lines = useMemo(() => {
    const points = series.total.slice(-timesMs.length);
    const perMinute = (count: number) => count / stepMinutes;
    return {
      requests: [
        {
          label: 'requests a minute',
          colour: '--accent',
          filled: true,
          values: points.map(({ requests }) => perMinute(requests)),
        },
        {
          label: 'server errors a minute',
          colour: '--danger',
          filled: true,
          values: points.map(({ statuses }) => perMinute(statuses['5xx'])),
        },
      ],
      times: [
        { label: 'half are faster than', colour: '--accent', values: points.map(({ p50Ms }) => p50Ms) },
        { label: '99 % are faster than', colour: '--warn', values: points.map(({ p99Ms }) => p99Ms) },
      ],
    };
  }, [series, stepMinutes, timesMs]);
  const requestWords = `${total.requests.toLocaleString('en')} requests, ${errors.toLocaleString('en')} server errors (${formatPercent(total.requests === 0 ? null : errors / total.requests)})`;
  const timeWords = `Half answered within ${formatMs(total.p50Ms)}, 99 % within ${formatMs(total.p99Ms)}`;
  const sent = `${formatBytes(total.bytesOut)} sent, ${formatBytes(total.bytesIn)} received`;
  const shared = { timesMs, marks };
  return (
    <>
      <Panel title="Requests" about={`${requestWords}; ${sent}.`}>
        <Chart label={`Requests ${label}: ${requestWords}`} lines={lines.requests} format={formatRate} {...shared} />
      </Panel>
      <Panel title="Answer times" about={total.requests === 0 ? 'Nothing was asked.' : `${timeWords}.`}>
        <Chart label={`Answer times ${label}: ${timeWords}`} lines={lines.times} format={formatMs} {...shared} />
      </Panel>
    </>
  );
}
