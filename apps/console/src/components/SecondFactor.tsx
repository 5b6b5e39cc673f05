/** Turns the second factor on, by a picture or a secret for an authenticator app, and off again. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import type { Me } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useConfirmSecondFactor, useEndSecondFactor, useOfferSecondFactor } from '../api/account.ts';
import classes from '../pages/Page.module.css';
import { CopyLine } from './CopyLine.tsx';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';
import { QrCode } from './QrCode.tsx';

export function SecondFactor({ me }: { me: Me }) {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const about = me.secondFactor
    ? 'It is on: signing in by password asks for a code of your authenticator app.'
    : 'It is off. With it, a stolen password alone opens nothing.';
  return (
    <Panel title="Second factor" about={about}>
      {codes !== null && <RecoveryCodes codes={codes} />}
      {me.secondFactor ? <TurnOff onDone={() => setCodes(null)} /> : <TurnOn me={me} onDone={setCodes} />}
    </Panel>
  );
}

function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <Notice kind="done" title="Keep these recovery codes: they are not shown again">
      <p>Each is good once, in place of a code, for when the authenticator is lost.</p>
      <ul aria-label="Recovery codes" className={classes.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </Notice>
  );
}

function TurnOn({ me, onDone }: { me: Me; onDone(codes: readonly string[]): void }) {
  const offer = useOfferSecondFactor();
  const confirm = useConfirmSecondFactor();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  if (!me.hasPassword) return <p>Set a password first.</p>;
  const ask = (event: FormEvent) => {
    event.preventDefault();
    offer.mutate(password);
  };
  const prove = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate(code.trim(), { onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes) });
  };
  if (offer.data === undefined)
    return (
      <form onSubmit={ask} className={classes.narrow}>
        <PasswordInput
          label="Your password, once more"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={offer.error?.message}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show your password' }}
        />
        <Button type="submit" variant="default" loading={offer.isPending}>
          Turn on
        </Button>
      </form>
    );
  return (
    <form onSubmit={prove} className={classes.narrow}>
      <p>Scan this with an authenticator app, or type the secret into it. Then enter the code it shows.</p>
      <QrCode text={offer.data.uri} label="The secret as a QR code" />
      <CopyLine text={offer.data.secret} label="the secret" />
      <TextInput
        label="Code of the app"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={confirm.error?.message}
        inputMode="numeric"
        autoComplete="one-time-code"
      />
      <Button type="submit" loading={confirm.isPending}>
        Confirm
      </Button>
    </form>
  );
}

function TurnOff({ onDone }: { onDone(): void }) {
  const end = useEndSecondFactor();
  const [code, setCode] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    end.mutate(code.trim(), { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className={classes.narrow}>
      <TextInput
        label="A code, to turn it off"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={end.error?.message}
        autoComplete="one-time-code"
      />
      <Button type="submit" variant="default" loading={end.isPending}>
        Turn off
      </Button>
    </form>
  );
}
