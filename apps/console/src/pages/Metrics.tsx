/** An app's traffic and what its instances use, over time, with its deployments marked on them. */
import { Skeleton } from '@mantine/core';
import type { DeploymentView, TrafficView } from '@teal/contracts';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useDeployments, useTraffic, useUsage } from '../api/queries.ts';
import type { ChartMark } from '../components/Chart.tsx';
import { Choice } from '../components/Choice.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row, Rows } from '../components/Rows.tsx';
import { TrafficCharts } from '../components/TrafficCharts.tsx';
import { UsageCharts } from '../components/UsageCharts.tsx';
import { useTitle } from '../hooks/title.ts';
import { deploymentPath } from '../view/addresses.ts';
import { shortCommit } from '../view/commit.ts';
import { formatClock } from '../view/time.ts';
import { useFramedApp } from './AppFrame.tsx';
import classes from './Page.module.css';

const SPANS = {
  hour: { label: 'the last hour', minutes: 60, step: 1 },
  six: { label: 'the last 6 hours', minutes: 360, step: 5 },
  day: { label: 'the last 24 hours', minutes: 1_440, step: 15 },
} as const;
type SpanName = keyof typeof SPANS;
const LEAST_POINTS = 5;

export function Metrics() {
  const app = useFramedApp();
  useTitle(`Metrics of ${app.name}`);
  const [span, setSpan] = useState<SpanName>('hour');
  const { minutes, step } = SPANS[span];
  const asked = useMemo(() => ({ minutes, step }), [minutes, step]);
  const { data, error } = useTraffic(app.id, asked);
  const usage = useUsage(app.id, asked);
  const deployments = useDeployments(app.name);
  const marked = useMemo(
    () => (data === undefined ? [] : ended(deployments.data?.pages.flatMap((page) => page.deployments) ?? [], data)),
    [data, deployments.data],
  );
  const marks = useMemo(
    (): ChartMark[] =>
      marked.map(({ at, failed }) => ({ atMs: Date.parse(at), colour: failed ? '--danger' : '--accent' })),
    [marked],
  );
  const timesMs = useMemo(() => (data === undefined ? [] : timesOf(data, app.createdAt)), [data, app.createdAt]);
  const isYoung = data !== undefined && timesMs.length < data.series.total.length;
  const label = isYoung ? `since ${formatClock(app.createdAt, new Date())}` : `of ${SPANS[span].label}`;
  const shown = { label, timesMs, marks };
  return (
    <div className={classes.page}>
      <header>
        <h1>Metrics</h1>
        <p>
          What was counted {label}
          {isYoung && ', when the app was made'}. A dashed line is a deployment that went live, or (in red) failed.
        </p>
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
      {data !== undefined && <TrafficCharts traffic={data} {...shown} />}
      {usage.data !== undefined && usage.data.stepMinutes === data?.stepMinutes && (
        <UsageCharts usage={usage.data} {...shown} />
      )}
      {marked.length > 0 && <Marked app={app.name} marked={marked} />}
    </div>
  );
}

/** Begins of the points on show: none of a time when there was no app, but always enough for a line. */
function timesOf({ series, stepMinutes }: TrafficView, createdAt: string): number[] {
  const all = series.total.map(({ minute }) => Date.parse(minute));
  const bornMs = Date.parse(createdAt) - stepMinutes * 60_000;
  return all.slice(
    Math.min(
      all.findIndex((ms) => ms >= bornMs),
      all.length - LEAST_POINTS,
    ),
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
