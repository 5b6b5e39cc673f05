/** One app: what serves, what runs, what went before, and the way back. */
import { Skeleton } from '@mantine/core';
import type { AppView, DeploymentView } from '@teal/contracts';
import { useEffect, useState } from 'react';
import { Link, useParams } from 'react-router';
import { useApp } from '../api/queries.ts';
import { AppActions } from '../components/AppActions.tsx';
import { AppMark } from '../components/AppMark.tsx';
import { DeploymentPanel } from '../components/DeploymentPanel.tsx';
import { FailureNote } from '../components/FailureNote.tsx';
import { FirstPush } from '../components/FirstPush.tsx';
import { History } from '../components/History.tsx';
import { Icon } from '../components/Icon.tsx';
import { PendingNote } from '../components/PendingNote.tsx';
import { Pools } from '../components/Pools.tsx';
import { StartLast } from '../components/StartLast.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { useTitle } from '../hooks/title.ts';
import classes from './AppOverview.module.css';

export function AppOverview() {
  const { app: name = '' } = useParams();
  const { data: app, error } = useApp(name);
  useTitle(app?.name ?? name);
  if (error !== null && (app === undefined || isGone(error))) return <Trouble title={`App ${name}`} error={error} />;
  if (app === undefined) return <Skeleton height="20rem" />;
  return <Overview key={app.id} app={app} />;
}

function isGone(error: Error): boolean {
  return 'status' in error && error.status === 404;
}

function Overview({ app }: { app: AppView }) {
  const [followed, setFollowed] = useState<string | null>(null);
  const running = app.running?.id ?? null;
  // the deployment stays on show when it has ended, so that its end can be read
  useEffect(() => {
    if (running !== null) setFollowed(running);
  }, [running]);
  const follow = (deployment: DeploymentView) => setFollowed(deployment.id);
  const shown = running ?? followed;
  const untouched = app.state === 'empty' && app.lastDeployment === null;
  return (
    <div className={classes.page}>
      <Header app={app} onStarted={follow} />
      {running === null && <FailureNote app={app} />}
      <PendingNote app={app} />
      {untouched ? <FirstPush app={app} /> : <StartLast app={app} onStarted={follow} />}
      {shown !== null && <DeploymentPanel key={shown} app={app.name} id={shown} onClose={() => setFollowed(null)} />}
      <Pools pools={app.pools} />
      <History app={app.name} />
    </div>
  );
}

function Header({ app, onStarted }: { app: AppView; onStarted(deployment: DeploymentView): void }) {
  return (
    <header className={classes.header}>
      <nav aria-label="Breadcrumb">
        <Link to="/" className={classes.link}>
          <Icon name="back" /> Apps
        </Link>
      </nav>
      <div className={classes.title}>
        <h1>{app.name}</h1>
        <AppMark app={app} />
        <a className={classes.link} href={app.url} target="_blank" rel="noreferrer noopener">
          {app.url.replace(/^https?:\/\//, '').replace(/\/$/, '')} <Icon name="external" />
        </a>
        <AppActions app={app} onStarted={onStarted} />
      </div>
    </header>
  );
}
