/** Deployments in a list, newest first. */
import type { AppView, DeploymentView } from '@teal/contracts';
import classes from './DeploymentList.module.css';
import { DeploymentRow } from './DeploymentRow.tsx';

export function DeploymentList({ app, deployments }: { app: AppView; deployments: readonly DeploymentView[] }) {
  if (deployments.length === 0) return <p>None yet. The first push makes the first one.</p>;
  const stopped = app.state === 'stopped' ? deployments.find(({ state }) => state === 'replaced') : undefined;
  return (
    <ol aria-label="Deployments" className={classes.list}>
      {deployments.map((deployment) => (
        <DeploymentRow key={deployment.id} app={app.name} deployment={deployment} stopped={deployment === stopped} />
      ))}
    </ol>
  );
}
