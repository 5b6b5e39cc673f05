/** A deployment's state. */
import type { DeploymentView } from '@teal/contracts';
import { isRunning } from '../view/phases.ts';
import { Mark, type Tone } from './Mark.tsx';

export function DeploymentMark({ deployment }: { deployment: DeploymentView }) {
  return <Mark tone={toneOf(deployment)}>{deployment.state}</Mark>;
}

function toneOf(deployment: DeploymentView): Tone {
  if (isRunning(deployment)) return 'busy';
  if (deployment.state === 'live') return 'good';
  return deployment.state === 'failed' ? 'bad' : 'quiet';
}
