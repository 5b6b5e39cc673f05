/** The newest few deployments of an app. */
import { Skeleton } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useDeployments } from '../api/queries.ts';
import classes from './DeploymentList.module.css';
import { DeploymentList } from './DeploymentList.tsx';
import { Notice } from './Notice.tsx';

const SHOWN = 5;

export function LatestDeployments({ app }: { app: AppView }) {
  const { data, error } = useDeployments(app.name);
  const newest = data?.pages[0]?.deployments.slice(0, SHOWN);
  return (
    <section aria-labelledby="latest" className={classes.latest}>
      <h2 id="latest">Latest deployments</h2>
      {error !== null && <Notice kind="danger" title={error.message} />}
      {newest === undefined && error === null && <Skeleton height="8rem" />}
      {newest !== undefined && <DeploymentList app={app} deployments={newest} />}
    </section>
  );
}
