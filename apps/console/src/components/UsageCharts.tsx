/** What an app's instances used over time: CPU and memory, a line for each. */
import type { InstanceUsageSeriesView, UsageView } from '@teal/contracts';
import { useMemo } from 'react';
import { formatBytes, formatCores } from '../view/figures.ts';
import { Chart, type ChartLine, type ChartMark } from './Chart.tsx';
import { Panel } from './Panel.tsx';

const MIB = 2 ** 20;
/** Instances of one pool are told apart by their strokes. */
const DASHES = [undefined, [6, 3], [2, 2], [10, 3, 2, 3]] as const;

export interface UsageChartsProps {
  usage: UsageView;
  label: string;
  timesMs: readonly number[];
  marks: readonly ChartMark[];
}

export function UsageCharts({ usage, label, timesMs, marks }: UsageChartsProps) {
  const { instances, stepMinutes } = usage;
  const lines = useMemo(() => {
    const of = (read: (point: InstanceUsageSeriesView['points'][number]) => number | null) =>
      instances.map((instance) => lineOf(instance, { timesMs, stepMinutes, read }));
    return { cpu: of(({ cpuShare }) => cpuShare), memory: of(({ memoryBytes }) => memoryBytes) };
  }, [instances, stepMinutes, timesMs]);
  // the minute that has just begun may have no figures yet
  const newestMs = Math.max(timesMs.at(-2) ?? 0, ...instances.map(lastMs));
  const now = instances.filter((instance) => lastMs(instance) === newestMs);
  const words = (read: (instance: InstanceUsageSeriesView) => string) =>
    now.length === 0 ? 'No instance runs now.' : `Now: ${now.map((one) => `${nameOf(one)}: ${read(one)}`).join('; ')}.`;
  const cpuWords = words(({ points }) => formatCores(points.at(-1)?.cpuShare ?? null));
  const memoryWords = words(({ points, memoryLimitBytes }) => {
    const limit = memoryLimitBytes === null ? '' : ` of ${formatBytes(memoryLimitBytes)}`;
    return `${formatBytes(points.at(-1)?.memoryBytes ?? 0)}${limit}`;
  });
  const shared = { timesMs, marks };
  return (
    <>
      <Panel title="CPU" about={`In per cent of one core. ${cpuWords}`}>
        <Chart label={`CPU ${label}. ${cpuWords}`} lines={lines.cpu} format={formatCores} least={0.01} {...shared} />
      </Panel>
      <Panel title="Memory" about={memoryWords}>
        <Chart
          label={`Memory ${label}. ${memoryWords}`}
          lines={lines.memory}
          format={formatBytes}
          least={16 * MIB}
          {...shared}
        />
      </Panel>
    </>
  );
}

const lastMs = ({ points }: InstanceUsageSeriesView) => Date.parse(points.at(-1)?.minute ?? '') || 0;
const nameOf = ({ colour, number }: InstanceUsageSeriesView) => `${colour} instance ${number}`;

interface LineOptions {
  timesMs: readonly number[];
  stepMinutes: number;
  read(point: InstanceUsageSeriesView['points'][number]): number | null;
}

function lineOf(instance: InstanceUsageSeriesView, { timesMs, stepMinutes, read }: LineOptions): ChartLine {
  const values = timesMs.map(() => null as number | null);
  const firstMs = timesMs[0] ?? 0;
  for (const point of instance.points) {
    const index = Math.round((Date.parse(point.minute) - firstMs) / (stepMinutes * 60_000));
    if (index >= 0 && index < values.length) values[index] = read(point);
  }
  const dash = DASHES[instance.number % DASHES.length];
  return {
    label: nameOf(instance),
    colour: `--${instance.colour}`,
    values,
    ...(dash === undefined ? {} : { dash }),
  };
}
