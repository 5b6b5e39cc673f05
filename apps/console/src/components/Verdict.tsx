/** How a deployment stands or ended, in one sentence; said aloud when it changes. */
import type { DeploymentView } from '@teal/contracts';
import { shortCommit } from '../view/commit.ts';
import { isRunning, totalMs } from '../view/phases.ts';
import { formatDuration } from '../view/time.ts';
import { Quote } from './Quote.tsx';

export interface VerdictProps {
  deployment: DeploymentView;
  /** It was the live one when its app was stopped. */
  stopped?: boolean;
  className?: string;
}

export function Verdict({ deployment, stopped = false, className }: VerdictProps) {
  const commit = shortCommit(deployment.commit.commit);
  const took = formatDuration(totalMs(deployment, Date.now()));
  return (
    <p role="status" aria-label="Result" className={className}>
      {isRunning(deployment) && `${commit} is ${deployment.state}`}
      {deployment.state === 'live' && `${commit} is live: it took ${took}`}
      {deployment.state === 'replaced' &&
        `${commit} went live in ${took} and has been ${stopped ? 'stopped' : 'replaced'} since`}
      {deployment.state === 'failed' && (
        <>
          {commit} failed while {deployment.failure?.phase ?? 'running'} after {took}:{' '}
          <Quote text={deployment.failure?.reason ?? 'no reason is known'} />
        </>
      )}
      {deployment.state === 'cancelled' && (
        <>
          {commit} was cancelled after {took}
          {deployment.cancelReason !== null && ': '}
          <Quote text={deployment.cancelReason ?? ''} />
        </>
      )}
    </p>
  );
}
