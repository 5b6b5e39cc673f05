/** API tokens, one's own and an organisation's: made, shown once, revoked. */
import { Button, TextInput } from '@mantine/core';
import { TOKEN_SCOPES, type TokenScope, type TokenView } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { type TokenOwner, useCreateToken, useRevokeToken, useTokens } from '../api/people.ts';
import { useApps } from '../api/queries.ts';
import { AskFirst } from '../components/AskFirst.tsx';
import { Choice } from '../components/Choice.tsx';
import { CopyLine } from '../components/CopyLine.tsx';
import { LastUsed } from '../components/LastUsed.tsx';
import { Listing } from '../components/Listing.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row } from '../components/Rows.tsx';
import { useTitle } from '../hooks/title.ts';
import { SCOPE_WORDS } from '../view/roles.ts';
import { visibleText } from '../view/visible.ts';
import { useFramedOrganisation } from './Organisation.tsx';
import classes from './Page.module.css';

const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: '', label: 'never' },
];

export function OwnTokens() {
  return (
    <Tokens
      owner="self"
      about="They may do what you may, within their scope: for the command line, git and scripts of yours."
    />
  );
}

export function OrganisationTokens() {
  const { id } = useFramedOrganisation();
  return (
    <Tokens
      owner={{ organisation: id }}
      about="They belong to the organisation and outlive its members: for pipelines. They never deal with people."
    />
  );
}

function Tokens({ owner, about }: { owner: TokenOwner; about: string }) {
  useTitle('Tokens');
  const { data, error } = useTokens(owner);
  return (
    <>
      <header>
        <h1>Tokens</h1>
        <p>{about}</p>
      </header>
      <Listing
        label="Tokens"
        error={error}
        items={data?.tokens}
        empty="No tokens yet. Make the first one below."
        row={(token) => <Token key={token.id} owner={owner} token={token} />}
      />
      <NewToken owner={owner} />
    </>
  );
}

function Token({ owner, token }: { owner: TokenOwner; token: TokenView }) {
  const revoke = useRevokeToken(owner);
  const name = visibleText(token.name);
  const over = token.expiresAt !== null && Date.parse(token.expiresAt) <= Date.now();
  return (
    <Row
      title={
        <>
          <Quote text={token.name} /> <code>{token.prefix}…</code>
        </>
      }
      facts={[
        `scope ${token.scope}`,
        token.app === null ? 'all apps' : `only ${token.app.name}`,
        token.expiresAt === null
          ? 'never expires'
          : `${over ? 'expired' : 'good until'} ${new Date(token.expiresAt).toLocaleDateString()}`,
        <LastUsed key="used" at={token.lastUsedAt} />,
      ]}
    >
      <AskFirst
        words="Revoke"
        label={`Revoke ${name}`}
        title={`Revoke ${name}?`}
        action="Revoke it"
        deed={revoke}
        onConfirm={(done) => revoke.mutate(token.id, { onSuccess: done })}
      >
        <p>Whatever uses it is refused from now on. Sessions that were signed in by it end.</p>
      </AskFirst>
    </Row>
  );
}

function NewToken({ owner }: { owner: TokenOwner }) {
  const create = useCreateToken(owner);
  const { data } = useApps();
  const [name, setName] = useState('');
  const [scope, setScope] = useState<TokenScope>('deploy');
  const [app, setApp] = useState('');
  const [days, setDays] = useState('90');
  const apps = (data?.apps ?? []).filter((one) => owner === 'self' || one.organisationId === owner.organisation);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    const wish = {
      name: name.trim(),
      scope,
      ...(app === '' ? {} : { app }),
      ...(days === '' ? {} : { expiresInDays: Number(days) }),
    };
    create.mutate(wish, { onSuccess: () => setName('') });
  };
  return (
    <Panel title="Make a token">
      <form onSubmit={submit} className={classes.form} noValidate>
        <TextInput
          label="Name"
          placeholder="what it is for"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={80}
          autoComplete="off"
        />
        <Choice
          label="Scope"
          value={scope}
          options={TOKEN_SCOPES.map((value) => ({ value, label: SCOPE_WORDS[value] }))}
          onChange={(next) => setScope(next)}
        />
        <Choice
          label="App"
          value={app}
          options={[{ value: '', label: 'all apps' }, ...apps.map((one) => ({ value: one.id, label: one.name }))]}
          onChange={setApp}
        />
        <Choice label="Expires" value={days} options={LIFETIMES} onChange={setDays} />
        <Button type="submit" loading={create.isPending}>
          Make token
        </Button>
      </form>
      {create.error !== null && <Notice kind="danger" title={create.error.message} />}
      {create.data !== undefined && (
        <Notice kind="done" title={`${visibleText(create.data.token.name)}: copy it now, it is not shown again`}>
          <CopyLine text={create.data.secret} label="the token" />
        </Notice>
      )}
    </Panel>
  );
}
