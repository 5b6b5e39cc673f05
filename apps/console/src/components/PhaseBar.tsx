/** Where a deployment's time went, as one small bar of its phases, and how long it took. */
import type { DeploymentView } from '@teal/contracts';
import { useNow } from '../hooks/now.ts';
import { isRunning, phaseViews, totalMs } from '../view/phases.ts';
import { formatDuration } from '../view/time.ts';
import classes from './PhaseBar.module.css';

const REFRESH_MS = 250;

export function PhaseBar({ deployment }: { deployment: DeploymentView }) {
  const now = useNow(isRunning(deployment) ? REFRESH_MS : null);
  const phases = phaseViews(deployment, now).filter(({ durationMs }) => durationMs !== null && durationMs > 0);
  const total = formatDuration(totalMs(deployment, now));
  const words = phases.map(({ phase, durationMs }) => `${phase} ${formatDuration(durationMs ?? 0)}`).join(', ');
  return (
    <span className={classes.phases} title={words}>
      <span className={classes.total}>{total}</span>
      <span role="img" aria-label={words === '' ? 'No phase took time' : words} className={classes.bar}>
        {phases.map(({ phase, standing, durationMs }) => (
          <span
            key={phase}
            className={`${classes[phase]} ${classes[standing] ?? ''}`}
            style={{ flexGrow: durationMs ?? 0 }}
          />
        ))}
      </span>
    </span>
  );
}
