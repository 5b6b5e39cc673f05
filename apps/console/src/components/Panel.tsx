/** A part of a page in a frame of its own: its heading, what it is about, and one action beside it. */
import { type ReactNode, useId } from 'react';
import classes from './Panel.module.css';

export interface PanelProps {
  title: string;
  /** Where links within the page lead. */
  id?: string;
  about?: ReactNode;
  action?: ReactNode;
  danger?: boolean;
  children?: ReactNode;
}

export function Panel({ title, id, about, action, danger = false, children }: PanelProps) {
  const heading = useId();
  return (
    <section id={id} aria-labelledby={heading} className={danger ? classes.danger : classes.panel}>
      <header>
        <h2 id={heading}>{title}</h2>
        {action}
      </header>
      {about !== undefined && <p className={classes.about}>{about}</p>}
      {children}
    </section>
  );
}
