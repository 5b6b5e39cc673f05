/** What the checks of a deployment saw: each change of an instance's answer, with the time since the first. */
import type { LogLineView } from '@teal/contracts';
import { probeResults } from '../view/causes.ts';
import { formatDuration } from '../view/time.ts';
import classes from './Probes.module.css';
import { Quote } from './Quote.tsx';

export function Probes({ lines }: { lines: readonly LogLineView[] }) {
  const results = probeResults(lines);
  const first = results[0];
  if (first === undefined) return null;
  return (
    <section aria-labelledby="probes" className={classes.probes}>
      <h2 id="probes">Health checks</h2>
      <ol>
        {results.map(({ sequence, at, text }) => (
          <li key={sequence}>
            <span>+{formatDuration(at - first.at)}</span>
            <Quote text={text} />
          </li>
        ))}
      </ol>
    </section>
  );
}
