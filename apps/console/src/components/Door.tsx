/** The frame of what is shown before somebody is signed in: one card in the middle of the page. */
import { type FormEvent, type ReactNode, useId } from 'react';
import { Brand } from './Brand.tsx';
import classes from './Door.module.css';

export interface DoorProps {
  title: string;
  onSubmit?(): void;
  children?: ReactNode;
}

export function Door({ title, onSubmit, children }: DoorProps) {
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <main className={classes.page}>
      <form onSubmit={submit} className={classes.card} aria-labelledby={id}>
        <Brand large />
        <h1 id={id}>{title}</h1>
        {children}
      </form>
    </main>
  );
}
