/** An app's requests, errors and answer times over time, with its deployments marked on them. */
import { Skeleton } from '@mantine/core';
import type { DeploymentView, TrafficView } from '@teal/contracts';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useDeployments, useTraffic } from '../api/queries.ts';
import { Chart, type ChartMark } from '../components/Chart.tsx';
import { Choice } from '../components/Choice.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row, Rows } from '../components/Rows.tsx';
import { useTitle } from '../hooks/title.ts';
import { deploymentPath } from '../view/addresses.ts';
import { shortCommit } from '../view/commit.ts';
import { formatBytes, formatMs, formatPercent, formatRate } from '../view/figures.ts';
import { formatClock } from '../view/time.ts';
import { useFramedApp } from './AppFrame.tsx';
import classes from './Page.module.css';

const SPANS = {
  hour: { label: 'the last hour', minutes: 60, step: 1 },
  six: { label: 'the last 6 hours', minutes: 360, step: 5 },
  day: { label: 'the last 24 hours', minutes: 1_440, step: 15 },
} as const;
type SpanName = keyof typeof SPANS;

export function Metrics() {
  const app = useFramedApp();
  useTitle(`Metrics of ${app.name}`);
  const [span, setSpan] = useState<SpanName>('hour');
  const { minutes, step, label } = SPANS[span];
  const { data, error } = useTraffic(
    app.id,
    useMemo(() => ({ minutes, step }), [minutes, step]),
  );
  const deployments = useDeployments(app.name);
  const marked = useMemo(
    () => (data === undefined ? [] : ended(deployments.data?.pages.flatMap((page) => page.deployments) ?? [], data)),
    [data, deployments.data],
  );
  return (
    <div className={classes.page}>
      <header>
        <h1>Metrics</h1>
        <p>What the router counted of {label}. A dashed line is a deployment that went live, or failed.</p>
      </header>
      <div className={classes.narrow}>
        <Choice
          label="Time"
          value={span}
          options={(Object.keys(SPANS) as SpanName[]).map((value) => ({ value, label: SPANS[value].label }))}
          onChange={(next) => setSpan(next)}
        />
      </div>
      {error !== null && <Notice kind="danger" title={error.message} />}
      {data === undefined && error === null && <Skeleton height="20rem" />}
      {data !== undefined && <Charts traffic={data} label={label} marked={marked} />}
      {marked.length > 0 && <Marked app={app.name} marked={marked} />}
    </div>
  );
}

interface Moment {
  deployment: DeploymentView;
  at: string;
  failed: boolean;
}

/** The deployments that went live or failed in the time of the figures, newest first. */
function ended(deployments: readonly DeploymentView[], { from }: TrafficView): Moment[] {
  return deployments
    .map((deployment) => ({
      deployment,
      at: deployment.times.live ?? deployment.times.failed ?? '',
      failed: deployment.state === 'failed',
    }))
    .filter(({ at }) => at !== '' && Date.parse(at) >= Date.parse(from));
}

interface ChartsProps {
  traffic: TrafficView;
  label: string;
  marked: readonly Moment[];
}

function Charts({ traffic, label, marked }: ChartsProps) {
  const { series, stepMinutes, totals } = traffic;
  const { total } = totals;
  const errors = total.statuses['5xx'];
  const charts = useMemo(() => {
    const points = series.total;
    const timesMs = points.map(({ minute }) => Date.parse(minute));
    const marks: ChartMark[] = marked.map(({ at, failed }) => ({
      atMs: Date.parse(at),
      colour: failed ? '--danger' : '--blue',
    }));
    const perMinute = (count: number) => count / stepMinutes;
    return {
      requests: {
        timesMs,
        marks,
        format: formatRate,
        lines: [
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
      },
      times: {
        timesMs,
        marks,
        format: formatMs,
        lines: [
          { label: 'half are faster than', colour: '--accent', values: points.map(({ p50Ms }) => p50Ms) },
          { label: '99 % are faster than', colour: '--warn', values: points.map(({ p99Ms }) => p99Ms) },
        ],
      },
    };
  }, [series, stepMinutes, marked]);
  const requestWords = `${total.requests.toLocaleString('en')} requests, ${errors.toLocaleString('en')} server errors (${formatPercent(total.requests === 0 ? null : errors / total.requests)})`;
  const timeWords = `Half answered within ${formatMs(total.p50Ms)}, 99 % within ${formatMs(total.p99Ms)}`;
  const sent = `${formatBytes(total.bytesOut)} sent, ${formatBytes(total.bytesIn)} received`;
  return (
    <>
      <Panel title="Requests" about={`${requestWords}; ${sent}.`}>
        <Chart label={`Requests of ${label}: ${requestWords}`} {...charts.requests} />
      </Panel>
      <Panel title="Answer times" about={`${timeWords}.`}>
        <Chart label={`Answer times of ${label}: ${timeWords}`} {...charts.times} />
      </Panel>
    </>
  );
}

function Marked({ app, marked }: { app: string; marked: readonly Moment[] }) {
  return (
    <Panel title="Deployments in this time">
      <Rows label="Deployments in this time">
        {marked.map(({ deployment, at, failed }) => (
          <Row
            key={deployment.id}
            title={
              <Link to={deploymentPath(app, deployment.id)}>
                <code>{shortCommit(deployment.commit.commit)}</code> <Quote text={deployment.commit.message} />
              </Link>
            }
            facts={[`${failed ? 'failed' : 'went live'} at ${formatClock(at, new Date())}`]}
          />
        ))}
      </Rows>
    </Panel>
  );
}
