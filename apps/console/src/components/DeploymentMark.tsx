/** A deployment's state. */
import type { DeploymentView } from '@teal/contracts';
import { isRunning } from '../view/phases.ts';
import { Mark, type Tone } from './Mark.tsx';

/** `stopped`: it was the live one of an app that somebody stopped; nothing took its place. */
export function DeploymentMark({ deployment, stopped = false }: { deployment: DeploymentView; stopped?: boolean }) {
  return (
    <Mark tone={toneOf(deployment)}>
      {stopped && deployment.state === 'replaced' ? 'was live, stopped' : deployment.state}
    </Mark>
  );
}

function toneOf(deployment: DeploymentView): Tone {
  if (isRunning(deployment)) return 'busy';
  if (deployment.state === 'live') return 'good';
  return deployment.state === 'failed' ? 'bad' : 'quiet';
}
