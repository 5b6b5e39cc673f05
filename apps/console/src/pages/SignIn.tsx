/** Signs in with an API token. */
import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useSignIn } from '../api/session.ts';
import { Brand } from '../components/Brand.tsx';
import { useTitle } from '../hooks/title.ts';
import classes from './SignIn.module.css';

export function SignIn() {
  useTitle('Sign in');
  const signIn = useSignIn();
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== '') signIn.mutate(token.trim());
  };
  return (
    <main className={classes.page}>
      <form onSubmit={submit} className={classes.card} aria-labelledby="sign-in">
        <Brand large />
        <h1 id="sign-in">Sign in</h1>
        {/* password managers ask for one */}
        <input type="text" name="username" autoComplete="username" defaultValue="teal" hidden />
        <PasswordInput
          label="API token"
          description={
            <>
              The first start of Teal printed one; <code>teal tokens create</code> makes more.
            </>
          }
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={signIn.error?.message}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
          autoFocus
        />
        <Button type="submit" loading={signIn.isPending} fullWidth>
          Sign in
        </Button>
      </form>
    </main>
  );
}
