/** Says that live events do not arrive, while they do not. */
import type { StreamState } from '../api/stream.ts';
import classes from './Connection.module.css';

export function Connection({ state }: { state: StreamState }) {
  return (
    <div role="status" aria-label="Connection" className={state === 'lost' ? classes.lost : undefined}>
      {state === 'lost' && 'The connection to Teal is lost. What you see may be out of date; trying again …'}
    </div>
  );
}
