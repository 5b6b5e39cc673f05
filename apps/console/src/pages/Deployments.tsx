/** Everything that was ever deployed of an app, newest first. */
import { Button, Skeleton } from '@mantine/core';
import { useDeployments } from '../api/queries.ts';
import { DeploymentList } from '../components/DeploymentList.tsx';
import { FirstPush } from '../components/FirstPush.tsx';
import { Notice } from '../components/Notice.tsx';
import { useTitle } from '../hooks/title.ts';
import { useFramedApp } from './AppFrame.tsx';
import classes from './Page.module.css';

export function Deployments() {
  const app = useFramedApp();
  useTitle(`Deployments of ${app.name}`);
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useDeployments(app.name);
  const all = data?.pages.flatMap((page) => page.deployments);
  return (
    <div className={classes.page}>
      <header>
        <h1>Deployments</h1>
        <p>Every attempt to put a version live. The bar shows where its time went: build, start, checks, switch.</p>
      </header>
      {error !== null && <Notice kind="danger" title={error.message} />}
      {all === undefined && error === null && <Skeleton height="12rem" />}
      {all?.length === 0 && <FirstPush app={app} />}
      {all !== undefined && all.length > 0 && <DeploymentList app={app} deployments={all} />}
      {hasNextPage && (
        <div>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            Show older
          </Button>
        </div>
      )}
    </div>
  );
}
