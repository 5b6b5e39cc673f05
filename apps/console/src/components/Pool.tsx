/** One pool: which release is in it, what it is doing, and its instances. */
import type { PoolView } from '@teal/contracts';
import { authorName } from '../view/commit.ts';
import { formatUsage } from '../view/figures.ts';
import { COLOUR_NAMES, formatShare, STANDING_HINTS, STANDINGS } from '../view/words.ts';
import { Age } from './Age.tsx';
import { Commit } from './Commit.tsx';
import { Mark, type Tone } from './Mark.tsx';
import classes from './Pool.module.css';
import { Quote } from './Quote.tsx';

const TONES: Readonly<Record<PoolView['standing'], Tone>> = {
  live: 'good',
  starting: 'busy',
  draining: 'busy',
  asleep: 'asleep',
};

export function Pool({ colour, pool }: { colour: PoolView['colour']; pool: PoolView | null }) {
  return (
    <section aria-label={`${COLOUR_NAMES[colour]} pool`} className={`${classes.pool} ${classes[colour]}`}>
      <header className={classes.header}>
        <span className={classes.dot} aria-hidden="true" />
        <h2>{COLOUR_NAMES[colour]}</h2>
        {pool === null ? (
          <Mark tone="quiet">empty</Mark>
        ) : (
          <Mark tone={TONES[pool.standing]}>{STANDINGS[pool.standing]}</Mark>
        )}
        <span className={classes.share}>
          <strong>{formatShare(pool?.share ?? 0)}</strong> of the requests
        </span>
      </header>
      {pool === null ? <p className={classes.empty}>No version is here.</p> : <Members pool={pool} />}
    </section>
  );
}

function Members({ pool }: { pool: PoolView }) {
  return (
    <>
      <Commit commit={pool.commit} wrap />
      <p className={classes.facts}>
        by <Quote text={authorName(pool.commit.author)} />
        {pool.since !== null && (
          <>
            {' · '}
            {STANDINGS[pool.standing]} for <Age at={pool.since} form="span" />
          </>
        )}
        <span className={classes.hint}>{STANDING_HINTS[pool.standing]}</span>
      </p>
      <ul aria-label="Instances" className={classes.instances}>
        {pool.instances.map((instance) => (
          <li key={instance.id}>
            <span>instance {instance.number}</span>
            <strong>{instance.state}</strong>
            {instance.startedAt !== null && (
              <span>
                started <Age at={instance.startedAt} />
              </span>
            )}
            {instance.usage !== null && <span>{formatUsage(instance.usage)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
