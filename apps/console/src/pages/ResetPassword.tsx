/** Where the link of a reset mail leads: sets a new password. The secret is behind the #, which no server sees. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useReset } from '../api/account.ts';
import { Door } from '../components/Door.tsx';
import { NewPassword } from '../components/NewPassword.tsx';
import { Notice } from '../components/Notice.tsx';
import { useFragment } from '../hooks/fragment.ts';
import { useTitle } from '../hooks/title.ts';
import { keepWay } from '../view/signin.ts';

export function ResetPassword() {
  useTitle('New password');
  const reset = useReset(useFragment());
  const [password, setPassword] = useState('');
  const submit = () => {
    if (password !== '') reset.mutate(password, { onSuccess: () => keepWay('password') });
  };
  if (reset.isSuccess)
    return (
      <Door title="The new password is set">
        <p>All sessions that were signed in have ended. Tokens go on working.</p>
        <p>
          <Link to="/">Sign in with it</Link>
        </p>
      </Door>
    );
  return (
    <Door title="Set a new password" onSubmit={submit}>
      <NewPassword value={password} onChange={setPassword} />
      {reset.error !== null && (
        <Notice kind="danger" title={reset.error.message}>
          <p>
            <Link to="/forgotten-password">Ask for a new link</Link>
          </p>
        </Notice>
      )}
      <Button type="submit" loading={reset.isPending} fullWidth>
        Set the password
      </Button>
    </Door>
  );
}
