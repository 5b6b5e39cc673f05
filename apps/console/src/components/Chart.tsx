/** Figures over time as lines or bars, with moments marked on them. */
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import classes from './Chart.module.css';

export interface ChartLine {
  label: string;
  /** A custom property of the page's style. */
  colour: string;
  values: readonly (number | null)[];
  filled?: boolean;
  /** Lengths of its strokes and gaps; none: one stroke. */
  dash?: readonly number[];
}

export interface ChartMark {
  atMs: number;
  /** A custom property of the page's style. */
  colour: string;
}

export interface ChartProps {
  /** What it shows, for those who don't see it. */
  label: string;
  timesMs: readonly number[];
  lines: readonly ChartLine[];
  marks: readonly ChartMark[];
  format(value: number): string;
  /** Where the scale ends at least. */
  least?: number;
}

const HEIGHT_PX = 200;
/** Distances of the marks below: no two are called the same. */
const WHOLE_MINUTES_S = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240].map((minutes) => minutes * 60);

export function Chart(props: ChartProps) {
  const { label, timesMs, lines, marks, format } = props;
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from the page, and change with its scheme
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const plot = new UPlot(optionsOf(element, props), dataOf(props), element);
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [timesMs, lines, marks, format, scheme]);
  return (
    <figure className={classes.chart}>
      <div ref={place} role="img" aria-label={label} className={classes.place} />
      <figcaption>
        {kindsOf(lines).map(({ label: words, colour, dash }) => (
          <span key={words}>
            <svg viewBox="0 0 20 10" aria-hidden="true">
              <line
                x1="0"
                x2="20"
                y1="5"
                y2="5"
                strokeDasharray={dash?.join(' ')}
                style={{ stroke: `var(${colour})` }}
              />
            </svg>
            {words}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** Lines that are called the same are explained once. */
function kindsOf(lines: readonly ChartLine[]): ChartLine[] {
  return [...new Map(lines.map((line) => [line.label, line])).values()];
}

function dataOf({ timesMs, lines }: ChartProps): UPlot.AlignedData {
  return [timesMs.map((ms) => ms / 1_000), ...lines.map(({ values }) => [...values])];
}

function optionsOf(element: HTMLElement, { lines, marks, format, least = 1 }: ChartProps): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--mantine-color-dimmed'), grid: { stroke: colour('--line'), width: 1 } };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(least, max * 1.1)] } },
    axes: [
      { ...axis, values: '{HH}:{mm}', incrs: WHOLE_MINUTES_S },
      { ...axis, size: 64, values: (_plot, values) => values.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ colour: name, values, dash, filled = false }) => ({
        stroke: colour(name),
        width: 2,
        // a value without neighbours has no line: it is a dot
        points: { size: 6, fill: colour(name), filter: () => alone(values) },
        spanGaps: false,
        ...(dash === undefined ? {} : { dash: [...dash] }),
        ...(filled ? { fill: `${colour(name)}33` } : {}),
      })),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, marks, colour)] },
  };
}

/** Indices of values between gaps. */
function alone(values: readonly (number | null)[]): number[] {
  return values.flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? [index] : [],
  );
}

function drawMarks(plot: UPlot, marks: readonly ChartMark[], colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = 2;
  ctx.setLineDash([4, 4]);
  for (const mark of marks) {
    const x = plot.valToPos(mark.atMs / 1_000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colour(mark.colour);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
