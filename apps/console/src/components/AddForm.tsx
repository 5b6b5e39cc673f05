/** A form that stands behind a button until somebody wants it: what is there already comes first. */
import { Button } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import classes from '../pages/Page.module.css';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';

export interface AddFormProps {
  /** What the button says that opens it, and the one that sends it. */
  words: string;
  deed: { isPending: boolean; error: Error | null; reset(): void };
  disabled?: boolean;
  /** Calls `done` once it is done: the form closes. */
  onSubmit(done: () => void): void;
  children: ReactNode;
}

export function AddForm({ words, deed, disabled = false, onSubmit, children }: AddFormProps) {
  const [open, setOpen] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (open) form.current?.querySelector<HTMLElement>('input, textarea')?.focus();
    else if (wasOpen.current) opener.current?.focus();
    wasOpen.current = open;
  }, [open]);
  if (!open)
    return (
      <div>
        <Button
          ref={opener}
          variant="default"
          leftSection={<Icon name="plus" />}
          onClick={() => {
            deed.reset();
            setOpen(true);
          }}
        >
          {words}
        </Button>
      </div>
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(() => setOpen(false));
  };
  return (
    <form ref={form} onSubmit={submit} className={classes.narrow} noValidate>
      {children}
      {deed.error !== null && <Notice kind="danger" title={deed.error.message} />}
      <div className={classes.buttons}>
        <Button type="submit" disabled={disabled} loading={deed.isPending}>
          {words}
        </Button>
        <Button variant="default" onClick={() => setOpen(false)}>
          Not now
        </Button>
      </div>
    </form>
  );
}
