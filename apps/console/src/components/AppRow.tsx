/** One app in the list of apps: what it serves, how its last deployment went, and its last hour's traffic. */
import type { AppView } from '@teal/contracts';
import { Link } from 'react-router';
import { useTraffic } from '../api/queries.ts';
import { appPath } from '../view/addresses.ts';
import { formatRate } from '../view/figures.ts';
import { Age } from './Age.tsx';
import { AppMark } from './AppMark.tsx';
import classes from './AppRow.module.css';
import { Commit } from './Commit.tsx';
import { DeploymentMark } from './DeploymentMark.tsx';
import { Mark } from './Mark.tsx';
import { Sparkline } from './Sparkline.tsx';

const LAST_HOUR = { minutes: 60, step: 2 };

export function AppRow({ app }: { app: AppView }) {
  const { live, lastDeployment: last } = app;
  return (
    <li className={classes.row}>
      <div className={classes.app}>
        <Link to={appPath(app.name)} className={classes.name}>
          {app.name}
        </Link>
        <AppMark app={app} />
        {app.maintenance && <Mark tone="busy">maintenance</Mark>}
      </div>
      <div className={classes.live}>
        {live === null ? (
          <span className={classes.dim}>
            {app.state === 'empty' ? 'Open it to see how to push' : 'Nothing is live'}
          </span>
        ) : (
          <>
            <Commit commit={live.commit} />
            <span className={classes.dim}>
              <span className={classes[live.colour]} aria-hidden="true" /> {live.colour}, live for{' '}
              <Age at={live.since} form="span" />
            </span>
          </>
        )}
      </div>
      <div className={classes.last}>
        {last !== null && (
          <>
            <DeploymentMark deployment={last} stopped={app.state === 'stopped'} />
            <span className={classes.dim}>
              <Age at={last.createdAt} />
            </span>
          </>
        )}
      </div>
      <div className={classes.traffic}>{app.state !== 'empty' && <LastHour app={app} />}</div>
    </li>
  );
}

function LastHour({ app }: { app: AppView }) {
  const { data } = useTraffic(app.id, LAST_HOUR);
  return (
    <>
      {data !== undefined && <Sparkline points={data.series.total} label="Last hour" />}
      <span className={classes.dim}>{formatRate(app.traffic.requestsPerMinute)} requests/min</span>
    </>
  );
}
