/** How one signs in: password and second factor; and the organisations one belongs to. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import type { Me } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useSetPassword } from '../api/account.ts';
import { useCreateOrganisation } from '../api/people.ts';
import { useSignedIn } from '../api/session.ts';
import { NewPassword } from '../components/NewPassword.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row, Rows } from '../components/Rows.tsx';
import { SecondFactor } from '../components/SecondFactor.tsx';
import { useTitle } from '../hooks/title.ts';
import classes from './Page.module.css';

export function Account() {
  useTitle('Account');
  const me = useSignedIn();
  const manage = me.permissions.self.includes('self.manage');
  return (
    <>
      <header>
        <h1>Sign-in</h1>
        {me.user.email !== null && (
          <p>
            Your e-mail address is <Quote text={me.user.email} />.
          </p>
        )}
      </header>
      {manage ? (
        <>
          <Password me={me} />
          <SecondFactor me={me} />
        </>
      ) : (
        <Notice kind="info" title="You came in by a token that may not change your account" />
      )}
      <Organisations me={me} mayCreate={manage} />
    </>
  );
}

function Password({ me }: { me: Me }) {
  const set = useSetPassword();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password === '') return;
    const clear = () => {
      setCurrent('');
      setPassword('');
    };
    set.mutate({ password, ...(me.hasPassword ? { current } : {}) }, { onSuccess: clear });
  };
  const about = me.hasPassword
    ? 'A new one ends all your other sessions. Tokens go on working.'
    : 'You have none yet: with one, you sign in by e-mail address instead of by token.';
  return (
    <Panel title="Password" about={about}>
      <form onSubmit={submit} className={classes.narrow}>
        <input type="text" name="username" autoComplete="username" value={me.user.email ?? ''} readOnly hidden />
        {me.hasPassword && (
          <PasswordInput
            label="Current password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the current password' }}
          />
        )}
        <NewPassword value={password} onChange={setPassword} />
        {set.error !== null && <Notice kind="danger" title={set.error.message} />}
        {set.isSuccess && <Notice kind="done" title="The password is set" />}
        <Button type="submit" loading={set.isPending}>
          {me.hasPassword ? 'Change password' : 'Set password'}
        </Button>
      </form>
    </Panel>
  );
}

function Organisations({ me, mayCreate }: { me: Me; mayCreate: boolean }) {
  const create = useCreateOrganisation();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') create.mutate(name.trim(), { onSuccess: () => setName('') });
  };
  return (
    <Panel title="Organisations" about="Apps belong to an organisation, and its members share them.">
      {me.organisations.length > 0 && (
        <Rows label="Organisations">
          {me.organisations.map(({ id, name: called, role }) => (
            <Row key={id} title={<Quote text={called} />} facts={[role]} />
          ))}
        </Rows>
      )}
      {mayCreate && (
        <form onSubmit={submit} className={classes.form}>
          <TextInput
            label="Name of a new organisation"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={create.error?.message}
            maxLength={80}
            autoComplete="off"
          />
          <Button type="submit" loading={create.isPending}>
            Make organisation
          </Button>
        </form>
      )}
    </Panel>
  );
}
