/** Where the link of an invitation leads: says to what, and joins, with the account one has or with a new one. */
import { Button, Loader, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useAcceptInvitation, useInvitation } from '../api/account.ts';
import { useMe, useSignOut } from '../api/session.ts';
import { Door } from '../components/Door.tsx';
import { NewPassword } from '../components/NewPassword.tsx';
import { Notice } from '../components/Notice.tsx';
import { Quote } from '../components/Quote.tsx';
import { useFragment } from '../hooks/fragment.ts';
import { useTitle } from '../hooks/title.ts';
import { keepWay } from '../view/signin.ts';
import { SignIn } from './SignIn.tsx';

export function Invitation() {
  useTitle('Invitation');
  const secret = useFragment();
  const { data: invitation, error } = useInvitation(secret);
  const { data: me } = useMe();
  if (error !== null)
    return (
      <Door title="Invitation">
        <Notice kind="danger" title={error.message}>
          <p>Ask whoever invited you for a new one.</p>
        </Notice>
        <p>
          <Link to="/">To the console</Link>
        </p>
      </Door>
    );
  if (invitation === undefined || me === undefined)
    return (
      <Door title="Invitation">
        <Loader aria-label="Loading" />
      </Door>
    );
  const to = (
    <p>
      You are invited to <Quote text={invitation.organisation.name} /> as {invitation.role}, by a mail to{' '}
      <Quote text={invitation.email} />.
    </p>
  );
  if (me !== null) return <Join secret={secret} to={to} as={me.user.name} />;
  if (invitation.hasAccount) return <SignIn email={invitation.email} />;
  return <Newcomer secret={secret} to={to} email={invitation.email} />;
}

function useJoin(secret: string) {
  const navigate = useNavigate();
  const accept = useAcceptInvitation(secret);
  return { accept, done: { onSuccess: () => navigate('/', { replace: true }) } };
}

function Join({ secret, to, as }: { secret: string; to: React.ReactNode; as: string }) {
  const { accept, done } = useJoin(secret);
  const signOut = useSignOut();
  return (
    <Door title="Invitation" onSubmit={() => accept.mutate(null, done)}>
      {to}
      {accept.error !== null && <Notice kind="danger" title={accept.error.message} />}
      <Button type="submit" loading={accept.isPending} fullWidth>
        Join as {as}
      </Button>
      <Button variant="subtle" onClick={() => signOut.mutate()} fullWidth>
        Somebody else? Sign out
      </Button>
    </Door>
  );
}

function Newcomer({ secret, to, email }: { secret: string; to: React.ReactNode; email: string }) {
  const { accept, done } = useJoin(secret);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = () => {
    if (name.trim() === '' || password === '') return;
    keepWay('password');
    accept.mutate({ name: name.trim(), password }, done);
  };
  return (
    <Door title="Invitation" onSubmit={submit}>
      {to}
      {/* password managers keep the password with it */}
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <TextInput
        label="Your name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="name"
        maxLength={80}
        autoFocus
      />
      <NewPassword value={password} onChange={setPassword} />
      {accept.error !== null && <Notice kind="danger" title={accept.error.message} />}
      <Button type="submit" loading={accept.isPending} fullWidth>
        Join
      </Button>
    </Door>
  );
}
