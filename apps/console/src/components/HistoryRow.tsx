/** One deployment in the list of an app's deployments. */
import type { DeploymentView } from '@teal/contracts';
import { Link } from 'react-router';
import { authorName, shortCommit } from '../view/commit.ts';
import { isRunning, totalMs } from '../view/phases.ts';
import { formatDuration } from '../view/time.ts';
import { TRIGGERS } from '../view/words.ts';
import { Age } from './Age.tsx';
import { Commit } from './Commit.tsx';
import { DeploymentMark } from './DeploymentMark.tsx';
import classes from './HistoryRow.module.css';
import { Quote } from './Quote.tsx';

export function HistoryRow({ app, deployment }: { app: string; deployment: DeploymentView }) {
  const { commit, failure, cancelReason } = deployment;
  const reason = failure === null ? cancelReason : `While ${failure.phase}: ${failure.reason}`;
  return (
    <li className={classes.row}>
      <span className={classes.state}>
        <DeploymentMark deployment={deployment} />
      </span>
      <Link
        to={`/apps/${encodeURIComponent(app)}/deployments/${deployment.id}`}
        aria-label={`Deployment ${deployment.sequence}: ${shortCommit(commit.commit)}, ${deployment.state}`}
        className={classes.commit}
      >
        <Commit commit={commit} />
      </Link>
      <span className={classes.facts}>
        <span>{TRIGGERS[deployment.trigger]}</span> · <Quote text={authorName(commit.author)} /> ·{' '}
        <Age at={deployment.createdAt} />
        {!isRunning(deployment) && ` · ${formatDuration(totalMs(deployment, 0))}`}
      </span>
      {reason !== null && (
        <p className={failure === null ? classes.reason : classes.failure}>
          <Quote text={reason} />
        </p>
      )}
    </li>
  );
}
