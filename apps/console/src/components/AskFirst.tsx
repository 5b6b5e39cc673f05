/** A button whose deed is asked about before it is done, and which says why it was refused. */
import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Confirm } from './Confirm.tsx';
import { Notice } from './Notice.tsx';

export interface AskFirstProps {
  /** What the button says. */
  words: string;
  /** What it is called for those who don't see what it stands beside. */
  label?: string;
  title: string;
  action: string;
  /** What must be there first is missing. */
  disabled?: boolean;
  deed: { isPending: boolean; error: Error | null; reset(): void };
  /** Calls `done` once it is done. */
  onConfirm(done: () => void): void;
  children: ReactNode;
}

export function AskFirst({ words, label, title, action, disabled, deed, onConfirm, children }: AskFirstProps) {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        aria-label={label}
        onClick={() => {
          deed.reset();
          setAsked(true);
        }}
      >
        {words}
      </Button>
      {asked && (
        <Confirm
          title={title}
          action={action}
          danger
          disabled={disabled ?? false}
          pending={deed.isPending}
          onConfirm={() => onConfirm(() => setAsked(false))}
          onClose={() => setAsked(false)}
        >
          {children}
          {deed.error !== null && <Notice kind="danger" title={deed.error.message} />}
        </Confirm>
      )}
    </>
  );
}
