/** A list of things with what is known of each and what can be done to it. */
import type { ReactNode } from 'react';
import classes from './Rows.module.css';

export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul aria-label={label} className={classes.rows}>
      {children}
    </ul>
  );
}

export interface RowProps {
  title: ReactNode;
  /** One short statement each; what is null is left out. */
  facts?: readonly (ReactNode | null)[];
  children?: ReactNode;
}

export function Row({ title, facts = [], children }: RowProps) {
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <div className={classes.title}>{title}</div>
        <div className={classes.facts}>
          {facts
            .filter((fact) => fact !== null)
            .map((fact, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: facts stand in one order
              <span key={index}>{fact}</span>
            ))}
        </div>
      </div>
      {children !== undefined && <div className={classes.actions}>{children}</div>}
    </li>
  );
}
