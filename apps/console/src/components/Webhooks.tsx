/** Webhooks of an organisation or an app: added, tried, removed, and what became of what was sent to each. */
import { Button, Checkbox, TextInput } from '@mantine/core';
import { type DeliveryView, WEBHOOK_EVENTS, type WebhookForm, type WebhookView } from '@teal/contracts';
import { useState } from 'react';
import {
  useAddWebhook,
  useDeliveries,
  useRemoveWebhook,
  useTestWebhook,
  useWebhooks,
  type WebhookOwner,
} from '../api/news.ts';
import classes from '../pages/Page.module.css';
import { visibleText } from '../view/visible.ts';
import { AddForm } from './AddForm.tsx';
import { Age } from './Age.tsx';
import { AskFirst } from './AskFirst.tsx';
import { Choice } from './Choice.tsx';
import { CopyLine } from './CopyLine.tsx';
import { Listing } from './Listing.tsx';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';
import { Quote } from './Quote.tsx';
import { Row } from './Rows.tsx';

const FORMS: readonly { value: WebhookForm; label: string }[] = [
  { value: 'json', label: 'json: everything, signed' },
  { value: 'slack', label: 'slack: one sentence' },
];
/** `deployment.live` → `live` */
const eventWords = (event: string) => event.replace('deployment.', '');

export function Webhooks({ owner, about }: { owner: WebhookOwner; about: string }) {
  const { data, error } = useWebhooks(owner);
  return (
    <Panel id="webhooks" title="Webhooks" about={about}>
      <Listing
        label="Webhooks"
        error={error}
        items={data?.webhooks}
        row={(webhook) => <Webhook key={webhook.id} owner={owner} webhook={webhook} />}
      />
      {data !== undefined && <AddWebhook owner={owner} />}
    </Panel>
  );
}

function deliveryWords({ state, status, error, attempts, nextAttemptAt }: DeliveryView): string {
  if (state === 'delivered') return `delivered, answered ${status ?? ''}`.trim();
  const why = error ?? (status === null ? 'not sent yet' : `answered ${status}`);
  return state === 'waiting'
    ? `waiting after ${attempts} attempts: ${why}`
    : `failed: ${why}${nextAttemptAt === null ? '' : ', tried again'}`;
}

function Webhook({ owner, webhook }: { owner: WebhookOwner; webhook: WebhookView }) {
  const test = useTestWebhook(owner);
  const remove = useRemoveWebhook(owner);
  const [open, setOpen] = useState(false);
  const name = visibleText(webhook.name);
  const { lastDelivery } = webhook;
  return (
    <Row
      title={<Quote text={webhook.name} />}
      facts={[
        <Quote key="url" text={webhook.url} />,
        webhook.form,
        webhook.events.map(eventWords).join(', '),
        lastDelivery === null ? 'nothing sent yet' : <Quote key="last" text={`last: ${deliveryWords(lastDelivery)}`} />,
      ]}
    >
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`Send a test to ${name}`}
        loading={test.isPending}
        onClick={() => test.mutate(webhook.id, { onSettled: () => setOpen(true) })}
      >
        Send a test
      </Button>
      <Button
        variant="default"
        size="compact-sm"
        aria-expanded={open}
        aria-label={`Deliveries to ${name}`}
        onClick={() => setOpen(!open)}
      >
        Deliveries
      </Button>
      <AskFirst
        words="Remove"
        label={`Remove ${name}`}
        title={`Remove ${name}?`}
        action="Remove it"
        deed={remove}
        onConfirm={(done) => remove.mutate(webhook.id, { onSuccess: done })}
      >
        <p>Nothing is sent to it any more, what waits included.</p>
      </AskFirst>
      {test.error !== null && <Notice kind="danger" title={test.error.message} />}
      {open && <Deliveries owner={owner} id={webhook.id} name={name} />}
    </Row>
  );
}

function Deliveries({ owner, id, name }: { owner: WebhookOwner; id: string; name: string }) {
  const { data, error } = useDeliveries(owner, id);
  return (
    <Listing
      label={`Deliveries to ${name}`}
      error={error}
      items={data?.deliveries}
      empty="Nothing has been sent to it yet."
      row={(delivery) => (
        <Row
          key={delivery.id}
          title={eventWords(delivery.event)}
          facts={[
            delivery.appName === null ? null : <Quote key="app" text={delivery.appName} />,
            <Quote key="words" text={deliveryWords(delivery)} />,
            <Age key="at" at={delivery.lastAttemptAt ?? delivery.createdAt} />,
          ]}
        />
      )}
    />
  );
}

function AddWebhook({ owner }: { owner: WebhookOwner }) {
  const add = useAddWebhook(owner);
  const [url, setUrl] = useState('');
  const [form, setForm] = useState<WebhookForm>('json');
  const [chosen, setChosen] = useState<readonly string[]>(WEBHOOK_EVENTS);
  const events = WEBHOOK_EVENTS.filter((event) => chosen.includes(event));
  const submit = (done: () => void) => {
    if (url.trim() === '') return;
    const clear = () => {
      setUrl('');
      done();
    };
    add.mutate({ url: url.trim(), form, events }, { onSuccess: clear });
  };
  return (
    <>
      {add.data !== undefined && (
        <Notice kind="done" title="What is sent is signed with this secret: copy it now, it is not shown again">
          <CopyLine text={add.data.secret} label="the secret" />
        </Notice>
      )}
      <AddForm words="Add webhook" deed={add} disabled={events.length === 0} onSubmit={submit}>
        <TextInput
          label="Address"
          placeholder="https://"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <Choice label="Form" value={form} options={FORMS} onChange={(next) => setForm(next)} />
        <fieldset className={classes.checks}>
          <legend>Told of deployments that are</legend>
          {WEBHOOK_EVENTS.map((event) => (
            <Checkbox
              key={event}
              label={eventWords(event)}
              checked={chosen.includes(event)}
              onChange={({ currentTarget }) =>
                setChosen(currentTarget.checked ? [...chosen, event] : chosen.filter((other) => other !== event))
              }
            />
          ))}
        </fieldset>
      </AddForm>
    </>
  );
}
