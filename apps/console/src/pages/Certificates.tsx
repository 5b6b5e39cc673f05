/** Certificates that HTTPS is served with, for all apps: uploaded by the platform's admin. */
import { Button, Textarea } from '@mantine/core';
import type { CertificateView } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useAddCertificate, useRemoveCertificate } from '../api/mutations.ts';
import { useCertificates } from '../api/queries.ts';
import { AskFirst } from '../components/AskFirst.tsx';
import { Listing } from '../components/Listing.tsx';
import { Notice } from '../components/Notice.tsx';
import { Panel } from '../components/Panel.tsx';
import { Quote } from '../components/Quote.tsx';
import { Row } from '../components/Rows.tsx';
import { useTitle } from '../hooks/title.ts';
import { visibleText } from '../view/visible.ts';
import classes from './Page.module.css';

const SOON_MS = 21 * 86_400_000;
const ORIGINS: Readonly<Record<CertificateView['origin'], string>> = {
  uploaded: 'uploaded',
  file: 'default, from a file of the operator',
  'self-signed': 'default, self-signed: browsers warn of it',
};

export function Certificates() {
  useTitle('Certificates');
  const { data, error } = useCertificates();
  return (
    <div className={classes.page}>
      <header>
        <h1>Certificates</h1>
        <p>
          HTTPS is served with the newest certificate that has the name asked for, else with the default one. Nothing
          renews them: upload the next one in time.
        </p>
      </header>
      <Listing
        label="Certificates"
        error={error}
        items={data?.certificates}
        row={(certificate) => <Certificate key={certificate.id} certificate={certificate} />}
      />
      {data !== undefined && <Upload />}
    </div>
  );
}

function Certificate({ certificate }: { certificate: CertificateView }) {
  const remove = useRemoveCertificate();
  const names = certificate.names.join(', ');
  const until = new Date(certificate.notAfter);
  const soon = !certificate.expired && until.getTime() - Date.now() < SOON_MS;
  return (
    <Row
      title={<Quote text={names} />}
      facts={[
        ORIGINS[certificate.origin],
        <span key="issuer">
          by <Quote text={certificate.issuer} />
        </span>,
        <span key="until">
          {certificate.expired ? 'expired' : soon ? 'expires soon:' : 'good until'} {until.toLocaleDateString()}
        </span>,
      ]}
    >
      {certificate.origin === 'uploaded' && (
        <AskFirst
          words="Remove"
          label={`Remove ${visibleText(names)}`}
          title="Remove this certificate?"
          action="Remove it"
          deed={remove}
          onConfirm={(done) => remove.mutate(certificate.id, { onSuccess: done })}
        >
          <p>Its names are served with another one that has them, else with the default one, at once.</p>
        </AskFirst>
      )}
    </Row>
  );
}

function Upload() {
  const add = useAddCertificate();
  const [certificate, setCertificate] = useState('');
  const [key, setKey] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const clear = () => {
      setCertificate('');
      setKey('');
    };
    if (certificate !== '' && key !== '') add.mutate({ certificate, key }, { onSuccess: clear });
  };
  return (
    <Panel
      title="Add a certificate"
      about="In force at once, for all apps. The key is kept sealed and shown to nobody."
    >
      <form onSubmit={submit} className={classes.narrow}>
        <Textarea
          label="Certificate and its issuers (PEM)"
          rows={5}
          value={certificate}
          onChange={(event) => setCertificate(event.currentTarget.value)}
          spellCheck={false}
        />
        <Textarea
          label="Private key (PEM, without a passphrase)"
          rows={5}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        {add.error !== null && <Notice kind="danger" title={add.error.message} />}
        <Button type="submit" loading={add.isPending}>
          Add certificate
        </Button>
      </form>
    </Panel>
  );
}
