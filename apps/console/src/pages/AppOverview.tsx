/** One app: what serves, what runs, what went before, and the way back. */
import { Link } from 'react-router';
import { DeploymentPanel } from '../components/DeploymentPanel.tsx';
import { FailureNote } from '../components/FailureNote.tsx';
import { FirstPush } from '../components/FirstPush.tsx';
import { LatestDeployments } from '../components/LatestDeployments.tsx';
import { MaintenanceNote } from '../components/MaintenanceNote.tsx';
import { PendingNote } from '../components/PendingNote.tsx';
import { Pools } from '../components/Pools.tsx';
import { StartLast } from '../components/StartLast.tsx';
import { TrafficNow } from '../components/TrafficNow.tsx';
import { useTitle } from '../hooks/title.ts';
import { appPath } from '../view/addresses.ts';
import { useFramed } from './AppFrame.tsx';
import classes from './AppOverview.module.css';

export function AppOverview() {
  const { app, followed, follow } = useFramed();
  useTitle(app.name);
  const untouched = app.state === 'empty' && app.lastDeployment === null;
  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">{app.name}</h1>
      {app.running === null && <FailureNote app={app} />}
      <MaintenanceNote app={app} />
      <PendingNote app={app} />
      {untouched ? <FirstPush app={app} /> : <StartLast app={app} onStarted={follow} />}
      {followed !== null && (
        <DeploymentPanel key={followed} app={app.name} id={followed} onClose={() => follow(null)} />
      )}
      {!untouched && (
        <>
          <Pools pools={app.pools} />
          <TrafficNow app={app} />
          <LatestDeployments app={app} />
          <p className={classes.more}>
            <Link to={appPath(app.name, 'deployments')}>All deployments of {app.name}</Link>
          </p>
        </>
      )}
    </div>
  );
}
