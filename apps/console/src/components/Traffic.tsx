/** How an app's requests are shared between its two pools, as a bar of that proportion. */
import type { AppView } from '@teal/contracts';
import { COLOUR_NAMES, formatShare } from '../view/words.ts';
import classes from './Traffic.module.css';

export function Traffic({ pools }: { pools: AppView['pools'] }) {
  const shares = { blue: pools.blue?.share ?? 0, green: pools.green?.share ?? 0 };
  const words = `Traffic: blue ${formatShare(shares.blue)}, green ${formatShare(shares.green)}`;
  return (
    <div role="img" aria-label={words} className={classes.bar}>
      {(['blue', 'green'] as const).map((colour) => (
        <div key={colour} className={classes[colour]} style={{ flexGrow: shares[colour] }}>
          {shares[colour] > 0 && (
            <span>
              {formatShare(shares[colour])} → {COLOUR_NAMES[colour]}
            </span>
          )}
        </div>
      ))}
      {shares.blue + shares.green === 0 && <span className={classes.none}>no traffic</span>}
    </div>
  );
}
