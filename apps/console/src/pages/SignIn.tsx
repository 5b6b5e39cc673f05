/** Signs in: by e-mail address and password, with the code of a second factor where there is one, or by token. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { ApiError } from '../api/client.ts';
import { useSignIn, useSignInWays } from '../api/session.ts';
import { Door } from '../components/Door.tsx';
import { useTitle } from '../hooks/title.ts';
import { chosenWay, keepWay, type SignInWay } from '../view/signin.ts';

/** `email` is filled in where it is known already. */
export function SignIn({ email }: { email?: string }) {
  const [chosen, setChosen] = useState(email === undefined ? chosenWay : 'password');
  const { data, isPending } = useSignInWays();
  useTitle('Sign in');
  const choose = (way: SignInWay) => {
    keepWay(way);
    setChosen(way);
  };
  // the field that comes first is the one that works: a moment's wait instead of a form that changes under the hands
  if (chosen === null && isPending) return <Door title="Sign in" />;
  const isFirstRun = data?.passwords === false;
  const way = chosen ?? (isFirstRun ? 'token' : 'password');
  if (way === 'token') return <ByToken isFirstRun={isFirstRun} onOther={() => choose('password')} />;
  return <ByPassword email={email ?? ''} onOther={() => choose('token')} />;
}

function ByToken({ isFirstRun, onOther }: { isFirstRun: boolean; onOther(): void }) {
  const signIn = useSignIn();
  const [token, setToken] = useState('');
  const submit = () => {
    if (token.trim() !== '') signIn.mutate({ token: token.trim() });
  };
  return (
    <Door title="Sign in" onSubmit={submit}>
      {/* password managers ask for one */}
      <input type="text" name="username" autoComplete="username" defaultValue="teal" hidden />
      <PasswordInput
        label="API token"
        description={
          isFirstRun ? (
            'Nobody has a password here yet. Sign in with the token that the first start of Teal printed, then set one.'
          ) : (
            <>
              <code>teal tokens create</code> makes one; the first start of Teal printed the first.
            </>
          )
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
      <Button variant="subtle" onClick={onOther} fullWidth>
        Use e-mail and password
      </Button>
    </Door>
  );
}

function ByPassword({ email: known, onOther }: { email: string; onOther(): void }) {
  const signIn = useSignIn();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const refusal = signIn.error instanceof ApiError ? signIn.error.code : null;
  const submit = () => {
    if (email.trim() === '' || password === '') return;
    const credentials = { email: email.trim(), password, ...(code === null ? {} : { code: code.trim() }) };
    signIn.mutate(credentials, {
      onError: (error) => {
        if (error instanceof ApiError && error.code === 'second_factor_needed') setCode('');
      },
    });
  };
  const problem = refusal === 'second_factor_needed' ? undefined : signIn.error?.message;
  if (code !== null)
    return (
      <Door title="Second factor" onSubmit={submit}>
        <TextInput
          label="Code"
          description="Six digits from your authenticator app, or one of your recovery codes"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          error={problem}
          autoComplete="one-time-code"
          autoCapitalize="none"
          autoFocus
        />
        <Button type="submit" loading={signIn.isPending} fullWidth>
          Sign in
        </Button>
        <Button variant="subtle" onClick={() => setCode(null)} fullWidth>
          Back
        </Button>
      </Door>
    );
  return (
    <Door title="Sign in" onSubmit={submit}>
      <TextInput
        label="E-mail address"
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        autoComplete="username"
        autoFocus={known === ''}
      />
      <PasswordInput
        label="Password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={problem}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        autoFocus={known !== ''}
      />
      <Button type="submit" loading={signIn.isPending} fullWidth>
        Sign in
      </Button>
      <p>
        <Link to="/forgotten-password">Forgotten the password?</Link>
      </p>
      <Button variant="subtle" onClick={onOther} fullWidth>
        Use a token
      </Button>
    </Door>
  );
}
