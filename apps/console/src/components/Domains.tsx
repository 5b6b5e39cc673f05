/** An app's names: added, made the primary one, removed. In force at once. */
import { Button, TextInput } from '@mantine/core';
import type { AppView, DomainView } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { Link } from 'react-router';
import { useAddDomain, useRemoveDomain } from '../api/mutations.ts';
import { useSignedIn } from '../api/session.ts';
import classes from '../pages/Page.module.css';
import { AskFirst } from './AskFirst.tsx';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';
import { Row, Rows } from './Rows.tsx';

export function Domains({ app }: { app: AppView }) {
  const add = useAddDomain(app.name);
  const [name, setName] = useState('');
  const { platformAdmin } = useSignedIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') add.mutate({ name: name.trim() }, { onSuccess: () => setName('') });
  };
  return (
    <Panel
      id="domains"
      title="Domains"
      about="In force at once. Let the name's DNS entry lead to this machine. The primary one is what checks ask for, and what is shown."
    >
      <Rows label="Domains">
        {app.domains.map((domain) => (
          <Domain key={domain.name} app={app.name} domain={domain} />
        ))}
      </Rows>
      <form onSubmit={submit} className={classes.form} noValidate>
        <TextInput
          label="Another name"
          placeholder="shop.example.org"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Button type="submit" loading={add.isPending}>
          Add domain
        </Button>
      </form>
      {add.error !== null && <Notice kind="danger" title={add.error.message} />}
      <p>
        {platformAdmin ? (
          <>
            HTTPS is served with what is under <Link to="/certificates">Certificates</Link>.
          </>
        ) : (
          'Certificates for HTTPS are uploaded by the platform’s admin.'
        )}
      </p>
    </Panel>
  );
}

function Domain({ app, domain }: { app: string; domain: DomainView }) {
  const add = useAddDomain(app);
  const remove = useRemoveDomain(app);
  return (
    <Row title={domain.name} facts={[domain.primary ? 'primary' : null, domain.default ? 'always there' : null]}>
      {!domain.primary && (
        <Button
          variant="default"
          size="compact-sm"
          aria-label={`Make ${domain.name} primary`}
          loading={add.isPending}
          onClick={() => add.mutate({ name: domain.name, primary: true })}
        >
          Make primary
        </Button>
      )}
      {!domain.default && (
        <AskFirst
          words="Remove"
          label={`Remove ${domain.name}`}
          title={`Remove ${domain.name}?`}
          action="Remove it"
          deed={remove}
          onConfirm={(done) => remove.mutate(domain.name, { onSuccess: done })}
        >
          <p>Requests for it are no longer answered by this app, and another app may take it.</p>
        </AskFirst>
      )}
      {add.error !== null && <Notice kind="danger" title={add.error.message} />}
    </Row>
  );
}
