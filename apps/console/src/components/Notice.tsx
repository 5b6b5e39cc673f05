/** A box that tells something in its own colour, with a sign and a title beside the colour. */
import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon.tsx';
import classes from './Notice.module.css';

type Kind = 'danger' | 'warn' | 'info' | 'done';
const ICONS: Readonly<Record<Kind, IconName>> = { danger: 'cross', warn: 'warn', info: 'info', done: 'check' };

export function Notice({ kind, title, children }: { kind: Kind; title: string; children?: ReactNode }) {
  return (
    <div role={kind === 'danger' ? 'alert' : 'status'} className={`${classes.notice} ${classes[kind]}`}>
      <span className={classes.icon}>
        <Icon name={ICONS[kind]} />
      </span>
      <div className={classes.body}>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}
