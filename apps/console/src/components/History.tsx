/** The newest deployments of an app. */
import { Skeleton } from '@mantine/core';
import { useDeployments } from '../api/queries.ts';
import classes from './History.module.css';
import { HistoryRow } from './HistoryRow.tsx';
import { Notice } from './Notice.tsx';

const SHOWN = 20;

export function History({ app }: { app: string }) {
  const { data, error } = useDeployments(app);
  return (
    <section aria-labelledby="history" className={classes.history}>
      <h2 id="history">Deployments</h2>
      {error !== null && <Notice kind="danger" title={error.message} />}
      {data === undefined && error === null && <Skeleton height="8rem" />}
      {data?.deployments.length === 0 && <p>None yet. The first push makes the first one.</p>}
      {data !== undefined && data.deployments.length > 0 && (
        <ol aria-label="Deployments">
          {data.deployments.slice(0, SHOWN).map((deployment) => (
            <HistoryRow key={deployment.id} app={app} deployment={deployment} />
          ))}
        </ol>
      )}
    </section>
  );
}
