/** Asks for a mail with a link that sets a new password. The answer never tells whether an address is known. */
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAskReset } from '../api/account.ts';
import { Door } from '../components/Door.tsx';
import { Notice } from '../components/Notice.tsx';
import { useTitle } from '../hooks/title.ts';

export function ForgottenPassword() {
  useTitle('Forgotten password');
  const ask = useAskReset();
  const [email, setEmail] = useState('');
  return (
    <Door title="Forgotten password" onSubmit={() => email.trim() !== '' && ask.mutate(email.trim())}>
      {ask.isSuccess ? (
        <Notice kind="done" title="Look into your mail">
          <p>If an account has this address, a link is on its way. It is good once, for 30 minutes.</p>
        </Notice>
      ) : (
        <>
          <TextInput
            label="E-mail address"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={ask.error?.message}
            autoComplete="username"
            autoFocus
          />
          <Button type="submit" loading={ask.isPending} fullWidth>
            Send a link
          </Button>
        </>
      )}
      <p>
        <Link to="/">Back to sign in</Link>
      </p>
    </Door>
  );
}
