/** Shows its pages to who is signed in, those of mailed links to everybody, and to all others the sign-in page. */
import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { Navigate, useLocation } from 'react-router';
import { useMe } from '../api/session.ts';
import { lazyPage } from '../lazypage.tsx';
import { SignIn } from '../pages/SignIn.tsx';
import { Notice } from './Notice.tsx';
import classes from './Session.module.css';
import { Shell } from './Shell.tsx';

const Invitation = lazyPage(async () => (await import('../pages/Invitation.tsx')).Invitation);
const ResetPassword = lazyPage(async () => (await import('../pages/ResetPassword.tsx')).ResetPassword);
const ForgottenPassword = lazyPage(async () => (await import('../pages/ForgottenPassword.tsx')).ForgottenPassword);

export function Session({ children }: { children: ReactNode }) {
  const me = useMe();
  const { pathname } = useLocation();
  if (pathname === '/invitation') return <Invitation />;
  if (pathname === '/reset-password') return <ResetPassword />;
  if (pathname === '/forgotten-password') return me.data == null ? <ForgottenPassword /> : <Navigate to="/" replace />;
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
