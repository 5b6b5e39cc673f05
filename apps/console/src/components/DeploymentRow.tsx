/** One deployment in a list: what it was for, who asked, how it ended, and where its time went. */
import type { DeploymentView } from '@teal/contracts';
import { Link } from 'react-router';
import { deploymentPath } from '../view/addresses.ts';
import { authorName } from '../view/commit.ts';
import { isRunning } from '../view/phases.ts';
import { TRIGGERS } from '../view/words.ts';
import { Age } from './Age.tsx';
import { Commit } from './Commit.tsx';
import { DeploymentMark } from './DeploymentMark.tsx';
import classes from './DeploymentRow.module.css';
import { PhaseBar } from './PhaseBar.tsx';
import { Quote } from './Quote.tsx';

export interface DeploymentRowProps {
  app: string;
  deployment: DeploymentView;
  /** It was the live one when the app was stopped. */
  stopped: boolean;
}

export function DeploymentRow({ app, deployment, stopped }: DeploymentRowProps) {
  const { commit, failure, cancelReason, requestedBy } = deployment;
  const author = authorName(commit.author);
  const reason = failure === null ? cancelReason : `While ${failure.phase}: ${failure.reason}`;
  return (
    <li className={classes.row}>
      <span className={classes.state}>
        <DeploymentMark deployment={deployment} stopped={stopped} />
      </span>
      <div className={classes.what}>
        <Link to={deploymentPath(app, deployment.id)} className={classes.commit}>
          <Commit commit={commit} />
        </Link>
        <span className={classes.facts}>
          {TRIGGERS[deployment.trigger]} · <Quote text={author} />
          {requestedBy !== author && (
            <>
              , asked by <Quote text={requestedBy} />
            </>
          )}{' '}
          · <Age at={deployment.createdAt} />
        </span>
      </div>
      <PhaseBar deployment={deployment} />
      {reason !== null && !isRunning(deployment) && (
        <p className={failure === null ? classes.reason : classes.failure}>
          <Quote text={reason} />
        </p>
      )}
    </li>
  );
}
