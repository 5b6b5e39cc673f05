/** An app's last minutes in four figures, and its last hour as a line. */
import type { AppView } from '@teal/contracts';
import { Link } from 'react-router';
import { useTraffic } from '../api/queries.ts';
import { appPath } from '../view/addresses.ts';
import { formatMs, formatPercent, formatRate } from '../view/figures.ts';
import { Sparkline } from './Sparkline.tsx';
import classes from './TrafficNow.module.css';

const LAST_HOUR = { minutes: 60, step: 1 };

export function TrafficNow({ app }: { app: AppView }) {
  const { traffic } = app;
  const { data } = useTraffic(app.id, LAST_HOUR);
  return (
    <section aria-label="Traffic" className={classes.panel}>
      <header>
        <h2>Traffic</h2>
        <span>last {traffic.minutes} minutes</span>
        <Link to={`${appPath(app.name, 'logs')}?of=requests`}>Requests as they come</Link>
      </header>
      <dl>
        <Figure name="Requests per minute">{formatRate(traffic.requestsPerMinute)}</Figure>
        <Figure name="Server errors" bad={(traffic.errorShare ?? 0) > 0}>
          {formatPercent(traffic.errorShare)}
        </Figure>
        <Figure name="Half are faster than">{formatMs(traffic.p50Ms)}</Figure>
        <Figure name="99 % are faster than">{formatMs(traffic.p99Ms)}</Figure>
      </dl>
      {data !== undefined && <Sparkline points={data.series.total} label="Requests of the last hour" tall />}
    </section>
  );
}

function Figure({ name, bad = false, children }: { name: string; bad?: boolean; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={bad ? classes.bad : undefined}>{children}</dd>
    </div>
  );
}
