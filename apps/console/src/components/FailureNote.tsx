/** On top of an app whose last deployment failed: what failed, why, and what still serves. */
import type { AppView } from '@teal/contracts';
import { Link } from 'react-router';
import { shortCommit } from '../view/commit.ts';
import { Age } from './Age.tsx';
import classes from './FailureNote.module.css';
import { Notice } from './Notice.tsx';
import { Quote } from './Quote.tsx';

export function FailureNote({ app }: { app: AppView }) {
  const { lastDeployment: failed, live } = app;
  if (failed?.state !== 'failed') return null;
  const phase = failed.failure?.phase ?? 'running';
  return (
    <Notice kind="danger" title={`The last deployment failed while ${phase}: ${shortCommit(failed.commit.commit)}`}>
      <p className={classes.reason}>
        <Quote text={failed.failure?.reason ?? 'No reason is known.'} />
      </p>
      <p>
        {live === null ? (
          <>Nothing serves: {app.state === 'stopped' ? 'the app is stopped.' : 'no version of this app is live.'}</>
        ) : (
          <>
            <strong>{shortCommit(live.commit.commit)} still serves</strong> (<Quote text={live.commit.message} />,{' '}
            {live.colour}, live for <Age at={live.since} form="span" />
            ).
          </>
        )}{' '}
        <Link to={`/apps/${encodeURIComponent(app.name)}/deployments/${failed.id}`}>
          See the failed deployment's log
        </Link>
      </p>
    </Notice>
  );
}
