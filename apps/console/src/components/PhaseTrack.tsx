/** A deployment's phases in order, each with the time it took or has taken so far. */
import type { DeploymentView } from '@teal/contracts';
import { useNow } from '../hooks/now.ts';
import { isRunning, type PhaseView, phaseViews } from '../view/phases.ts';
import { formatDuration } from '../view/time.ts';
import classes from './PhaseTrack.module.css';

const REFRESH_MS = 100;
const STANDINGS: Readonly<Record<PhaseView['standing'], string>> = {
  done: 'done',
  current: 'running',
  failed: 'failed',
  stopped: 'cancelled',
  skipped: 'not needed',
  ahead: 'to come',
  unreached: 'not reached',
};

export function PhaseTrack({ deployment }: { deployment: DeploymentView }) {
  const now = useNow(isRunning(deployment) ? REFRESH_MS : null);
  return (
    <ol aria-label="Phases" className={classes.track}>
      {phaseViews(deployment, now).map(({ phase, standing, durationMs }) => (
        <li key={phase} className={classes[standing]} aria-current={standing === 'current' ? 'step' : undefined}>
          <span className={classes.name}>{phase}</span>
          <span className={classes.time}>
            {durationMs === null ? STANDINGS[standing] : formatDuration(durationMs)}
            {standing === 'failed' || standing === 'stopped' ? `, ${STANDINGS[standing]}` : ''}
          </span>
        </li>
      ))}
    </ol>
  );
}
