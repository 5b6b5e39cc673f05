/** An app's two pools side by side, and the traffic between them. */
import type { AppView } from '@teal/contracts';
import { Pool } from './Pool.tsx';
import classes from './Pools.module.css';
import { Traffic } from './Traffic.tsx';

export function Pools({ pools }: { pools: AppView['pools'] }) {
  return (
    <section aria-label="Pools" className={classes.pools}>
      <Traffic pools={pools} />
      <div className={classes.cards}>
        <Pool colour="blue" pool={pools.blue} />
        <Pool colour="green" pool={pools.green} />
      </div>
    </section>
  );
}
