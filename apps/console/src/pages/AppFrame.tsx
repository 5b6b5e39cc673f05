/** The frame of everything about one app: its name and state on top, and the ways to its pages. */
import { Skeleton } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useEffect, useState } from 'react';
import { Link, Outlet, useOutletContext, useParams } from 'react-router';
import { useApp } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { AppActions } from '../components/AppActions.tsx';
import { AppMark } from '../components/AppMark.tsx';
import { Icon } from '../components/Icon.tsx';
import { Mark } from '../components/Mark.tsx';
import { PageTabs } from '../components/PageTabs.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { appPath } from '../view/addresses.ts';
import classes from './AppFrame.module.css';

const PAGES = [
  ['', 'Overview', null],
  ['deployments', 'Deployments', null],
  ['logs', 'Logs', null],
  ['metrics', 'Metrics', null],
  ['activity', 'Activity', 'app.activity'],
  ['settings', 'Settings', 'app.configure'],
] as const;

export function AppFrame() {
  const { app: name = '' } = useParams();
  const { data: app, error } = useApp(name);
  if (error !== null && (app === undefined || isGone(error))) return <Trouble title={`App ${name}`} error={error} />;
  if (app === undefined) return <Skeleton height="20rem" />;
  return <Frame key={app.id} app={app} />;
}

interface Framed {
  app: AppView;
  /** The deployment that runs or was the last to run while the app is on show; it stays, so that its end can be read. */
  followed: string | null;
  follow(deploymentId: string | null): void;
}

function Frame({ app }: { app: AppView }) {
  const [last, follow] = useState<string | null>(null);
  const running = app.running?.id ?? null;
  const may = useMay(app.organisationId);
  useEffect(() => {
    if (running !== null) follow(running);
  }, [running]);
  const framed: Framed = { app, followed: running ?? last, follow };
  return (
    <div className={classes.frame}>
      <Header app={app} onStarted={follow} />
      <PageTabs
        label={`Pages of ${app.name}`}
        tabs={PAGES.filter(([, , permission]) => permission === null || may(permission)).map(([path, words]) => ({
          to: appPath(app.name, path),
          words,
          first: path === '',
        }))}
      />
      <Outlet context={framed} />
    </div>
  );
}

export function useFramed(): Framed {
  return useOutletContext<Framed>();
}

/** The app that the frame is about. */
export function useFramedApp(): AppView {
  return useFramed().app;
}

function isGone(error: Error): boolean {
  return 'status' in error && error.status === 404;
}

function Header({ app, onStarted }: { app: AppView; onStarted(deploymentId: string): void }) {
  return (
    <header className={classes.header}>
      <nav aria-label="Breadcrumb">
        <Link to="/" className={classes.link}>
          <Icon name="back" /> Apps
        </Link>
      </nav>
      <div className={classes.title}>
        <p className={classes.name}>{app.name}</p>
        <AppMark app={app} />
        {app.maintenance && <Mark tone="busy">maintenance</Mark>}
        <a className={classes.link} href={app.url} target="_blank" rel="noreferrer noopener">
          {app.url.replace(/^https?:\/\//, '').replace(/\/$/, '')} <Icon name="external" />
        </a>
        <AppActions app={app} onStarted={onStarted} />
      </div>
    </header>
  );
}
