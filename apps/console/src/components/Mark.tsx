/** A state as a word in a pill, with a sign of its own beside the colour. */
import classes from './Mark.module.css';

export type Tone = 'good' | 'busy' | 'bad' | 'quiet' | 'asleep';

export function Mark({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`${classes.mark} ${classes[tone]}`}>
      <span className={classes.sign} aria-hidden="true" />
      {children}
    </span>
  );
}
