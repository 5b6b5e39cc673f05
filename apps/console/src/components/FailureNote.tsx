/** On top of an app whose last deployment failed: what failed, why, and what still serves. */
import type { AppView } from '@teal/contracts';
import { Link } from 'react-router';
import { deploymentPath } from '../view/addresses.ts';
import { shortCommit } from '../view/commit.ts';
import classes from './FailureNote.module.css';
import { Notice } from './Notice.tsx';
import { Quote } from './Quote.tsx';
import { StillServes } from './StillServes.tsx';

export function FailureNote({ app }: { app: AppView }) {
  const { lastDeployment: failed } = app;
  if (failed?.state !== 'failed') return null;
  const phase = failed.failure?.phase ?? 'running';
  return (
    <Notice kind="danger" title={`The last deployment failed while ${phase}: ${shortCommit(failed.commit.commit)}`}>
      <p className={classes.reason}>
        <Quote text={failed.failure?.reason ?? 'No reason is known.'} />
      </p>
      <p>
        <StillServes app={app} /> <Link to={deploymentPath(app.name, failed.id)}>See why, and its log</Link>
      </p>
    </Notice>
  );
}
