/** The deployment that runs or has just ended: where it stands, its phases, its log. */
import { ActionIcon, Skeleton } from '@mantine/core';
import type { DeploymentView } from '@teal/contracts';
import { Link } from 'react-router';
import { useDeployment } from '../api/queries.ts';
import { deploymentPath } from '../view/addresses.ts';
import { isRunning } from '../view/phases.ts';
import { TRIGGERS } from '../view/words.ts';
import { CancelDeployment } from './CancelDeployment.tsx';
import { Commit } from './Commit.tsx';
import { DeploymentMark } from './DeploymentMark.tsx';
import classes from './DeploymentPanel.module.css';
import { Icon } from './Icon.tsx';
import { Log } from './Log.tsx';
import { PhaseTrack } from './PhaseTrack.tsx';
import { Verdict } from './Verdict.tsx';

export interface DeploymentPanelProps {
  app: string;
  id: string;
  onClose(): void;
}

export function DeploymentPanel({ app, id, onClose }: DeploymentPanelProps) {
  const { data: deployment } = useDeployment(app, id);
  return (
    <section aria-label="Current deployment" className={classes.panel}>
      {deployment === undefined ? (
        <Skeleton height="6rem" />
      ) : (
        <>
          <Header app={app} deployment={deployment} onClose={onClose} />
          <PhaseTrack deployment={deployment} />
          <Verdict deployment={deployment} className={classes.verdict} />
        </>
      )}
      <Log app={app} id={id} />
    </section>
  );
}

function Header({ app, deployment, onClose }: { app: string; deployment: DeploymentView; onClose(): void }) {
  return (
    <header className={classes.header}>
      <h2>{isRunning(deployment) ? 'Running deployment' : 'Last deployment'}</h2>
      <DeploymentMark deployment={deployment} />
      <Commit commit={deployment.commit} />
      <span className={classes.facts}>
        {TRIGGERS[deployment.trigger]}
        {deployment.colour !== null && ` → ${deployment.colour}`}
      </span>
      <div className={classes.actions}>
        <CancelDeployment app={app} deployment={deployment} />
        <Link to={deploymentPath(app, deployment.id)}>Open its page</Link>
        {!isRunning(deployment) && (
          <ActionIcon variant="subtle" color="gray" aria-label="Close the last deployment" onClick={onClose}>
            <Icon name="cross" />
          </ActionIcon>
        )}
      </div>
    </header>
  );
}
