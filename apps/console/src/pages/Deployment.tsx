/** One deployment: how it ended and why, its phases, what the checks saw, its whole log. */
import { Skeleton } from '@mantine/core';
import type { DeploymentView } from '@teal/contracts';
import { Link, useParams } from 'react-router';
import { useDeploymentLog } from '../api/log.ts';
import { useDeployment } from '../api/queries.ts';
import { Age } from '../components/Age.tsx';
import { CancelDeployment } from '../components/CancelDeployment.tsx';
import { DeploymentMark } from '../components/DeploymentMark.tsx';
import { FailureReport } from '../components/FailureReport.tsx';
import { LogView } from '../components/Log.tsx';
import { PhaseTrack } from '../components/PhaseTrack.tsx';
import { Probes } from '../components/Probes.tsx';
import { Quote } from '../components/Quote.tsx';
import { RetryDeployment } from '../components/RetryDeployment.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { Verdict } from '../components/Verdict.tsx';
import { useTitle } from '../hooks/title.ts';
import { appPath } from '../view/addresses.ts';
import { shortCommit } from '../view/commit.ts';
import { TRIGGERS } from '../view/words.ts';
import { useFramedApp } from './AppFrame.tsx';
import classes from './Deployment.module.css';

export function Deployment() {
  const { app = '', id = '' } = useParams();
  const { data: deployment, error } = useDeployment(app, id);
  useTitle(`Deployment of ${app}`);
  if (deployment === undefined) {
    return error === null ? <Skeleton height="20rem" /> : <Trouble title="Deployment" error={error} />;
  }
  return <Details key={id} deployment={deployment} />;
}

function Details({ deployment }: { deployment: DeploymentView }) {
  const app = useFramedApp();
  const log = useDeploymentLog(app.name, deployment.id);
  const stopped = app.state === 'stopped' && app.lastDeployment?.id === deployment.id;
  return (
    <div className={classes.page}>
      <nav aria-label="Way back">
        <Link to={appPath(app.name, 'deployments')}>Deployments</Link> / {deployment.sequence}
      </nav>
      <header className={classes.header}>
        <h1>
          <code>{shortCommit(deployment.commit.commit)}</code> <Quote text={deployment.commit.message} />
        </h1>
        <DeploymentMark deployment={deployment} stopped={stopped} />
        <div className={classes.actions}>
          <CancelDeployment app={app.name} deployment={deployment} />
          <RetryDeployment app={app} deployment={deployment} />
        </div>
      </header>
      {deployment.state === 'failed' ? (
        <FailureReport app={app} deployment={deployment} lines={log.lines} />
      ) : (
        <Verdict deployment={deployment} stopped={stopped} className={classes.verdict} />
      )}
      <PhaseTrack deployment={deployment} />
      <Facts deployment={deployment} />
      <Probes lines={log.lines} />
      <LogView app={app.name} id={deployment.id} log={log} tall />
    </div>
  );
}

function Facts({ deployment }: { deployment: DeploymentView }) {
  return (
    <dl className={classes.facts}>
      <Fact name="Trigger">{TRIGGERS[deployment.trigger]}</Fact>
      <Fact name="Author">
        <Quote text={deployment.commit.author} />
      </Fact>
      <Fact name="Requested by">
        <Quote text={deployment.requestedBy} />
      </Fact>
      {deployment.branch !== null && (
        <Fact name="Branch">
          <Quote text={deployment.branch} />
        </Fact>
      )}
      {deployment.colour !== null && <Fact name="Pool">{deployment.colour}</Fact>}
      <Fact name="Started">
        <Age at={deployment.createdAt} />
      </Fact>
      {deployment.pushOptions.length > 0 && (
        <Fact name="Push options">
          <Quote text={deployment.pushOptions.join(', ')} />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
