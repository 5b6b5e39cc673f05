/** Shows its pages to who is signed in, and the sign-in page to everybody else, at whatever address. */
import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { useMe } from '../api/session.ts';
import { SignIn } from '../pages/SignIn.tsx';
import { Notice } from './Notice.tsx';
import classes from './Session.module.css';
import { Shell } from './Shell.tsx';

export function Session({ children }: { children: ReactNode }) {
  const me = useMe();
  if (me.data === null) return <SignIn />;
  if (me.data !== undefined) return <Shell me={me.data}>{children}</Shell>;
  return (
    <main className={classes.waiting}>
      {me.error === null ? (
        <Loader aria-label="Loading" />
      ) : (
        <Notice kind="danger" title="The console cannot start">
          <p>{me.error.message}</p>
          <Button onClick={() => me.refetch()}>Try again</Button>
        </Notice>
      )}
    </main>
  );
}
