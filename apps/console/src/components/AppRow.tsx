/** One app in the list of apps. */
import type { AppView } from '@teal/contracts';
import { Link } from 'react-router';
import { Age } from './Age.tsx';
import { AppMark } from './AppMark.tsx';
import classes from './AppRow.module.css';
import { Commit } from './Commit.tsx';
import { DeploymentMark } from './DeploymentMark.tsx';

export function AppRow({ app }: { app: AppView }) {
  const { live, lastDeployment: last } = app;
  return (
    <li className={classes.row}>
      <div className={classes.app}>
        <Link to={`/apps/${encodeURIComponent(app.name)}`} className={classes.name}>
          {app.name}
        </Link>
        <AppMark app={app} />
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
        {last !== null && last.id !== live?.deploymentId && (
          <>
            <span className={classes.dim}>last deployment</span> <DeploymentMark deployment={last} />
          </>
        )}
      </div>
    </li>
  );
}
