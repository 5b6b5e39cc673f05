/** On top of a failed deployment: what failed, the likely cause, and what still serves. */
import type { AppView, DeploymentView, LogLineView } from '@teal/contracts';
import { causesOf } from '../view/causes.ts';
import { shortCommit } from '../view/commit.ts';
import classes from './FailureNote.module.css';
import { Notice } from './Notice.tsx';
import { Quote } from './Quote.tsx';
import { StillServes } from './StillServes.tsx';

export interface FailureReportProps {
  app: AppView;
  deployment: DeploymentView;
  lines: readonly LogLineView[];
}

export function FailureReport({ app, deployment, lines }: FailureReportProps) {
  const { failure, commit } = deployment;
  const causes = causesOf(deployment, lines);
  return (
    <Notice kind="danger" title={`${shortCommit(commit.commit)} failed while ${failure?.phase ?? 'running'}`}>
      <p role="status" aria-label="Result" className={classes.reason}>
        <Quote text={failure?.reason ?? 'No reason is known.'} />
      </p>
      {causes.length > 0 && (
        <>
          <p className={classes.heading}>Likely {causes.length === 1 ? 'cause' : 'causes'}</p>
          <ul className={classes.causes}>
            {causes.map((cause) => (
              <li key={cause}>
                <Quote text={cause} />
              </li>
            ))}
          </ul>
        </>
      )}
      <p>
        <StillServes app={app} />
      </p>
    </Notice>
  );
}
