/** One deployment: what it was for, its phases, how it ended, its whole log. */
import { Skeleton } from '@mantine/core';
import type { DeploymentView } from '@teal/contracts';
import { Link, useParams } from 'react-router';
import { useDeployment } from '../api/queries.ts';
import { Age } from '../components/Age.tsx';
import { CancelDeployment } from '../components/CancelDeployment.tsx';
import { DeploymentMark } from '../components/DeploymentMark.tsx';
import { Icon } from '../components/Icon.tsx';
import { Log } from '../components/Log.tsx';
import { PhaseTrack } from '../components/PhaseTrack.tsx';
import { Quote } from '../components/Quote.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { Verdict } from '../components/Verdict.tsx';
import { useTitle } from '../hooks/title.ts';
import { shortCommit } from '../view/commit.ts';
import { TRIGGERS } from '../view/words.ts';
import classes from './Deployment.module.css';

export function Deployment() {
  const { app = '', id = '' } = useParams();
  const { data: deployment, error } = useDeployment(app, id);
  useTitle(`Deployment of ${app}`);
  if (deployment === undefined) {
    return error === null ? <Skeleton height="20rem" /> : <Trouble title="Deployment" error={error} />;
  }
  return (
    <div className={classes.page}>
      <nav aria-label="Breadcrumb">
        <Link to="/">Apps</Link> / <Link to={`/apps/${encodeURIComponent(app)}`}>{app}</Link> / deployment{' '}
        {deployment.sequence}
      </nav>
      <header className={classes.header}>
        <h1>
          <code>{shortCommit(deployment.commit.commit)}</code> <Quote text={deployment.commit.message} />
        </h1>
        <DeploymentMark deployment={deployment} />
        <CancelDeployment app={app} deployment={deployment} />
      </header>
      <Facts deployment={deployment} />
      <PhaseTrack deployment={deployment} />
      <div className={classes.verdict}>
        <Icon name={deployment.state === 'failed' ? 'warn' : 'info'} />
        <Verdict deployment={deployment} />
      </div>
      <Log key={id} app={app} id={id} tall />
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
