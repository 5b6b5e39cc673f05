/** Deployments in a list, newest first. */
import type { DeploymentView } from '@teal/contracts';
import classes from './DeploymentList.module.css';
import { DeploymentRow } from './DeploymentRow.tsx';

export function DeploymentList({ app, deployments }: { app: string; deployments: readonly DeploymentView[] }) {
  if (deployments.length === 0) return <p>None yet. The first push makes the first one.</p>;
  return (
    <ol aria-label="Deployments" className={classes.list}>
      {deployments.map((deployment) => (
        <DeploymentRow key={deployment.id} app={app} deployment={deployment} />
      ))}
    </ol>
  );
}
