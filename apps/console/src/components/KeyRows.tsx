/** Public keys for git over SSH, a person's or an app's: listed, added, removed. */
import { Checkbox, Skeleton, Textarea, TextInput } from '@mantine/core';
import type { KeyView } from '@teal/contracts';
import { useState } from 'react';
import { type KeyOwner, useAddKey, useKeys, useRemoveKey } from '../api/people.ts';
import { visibleText } from '../view/visible.ts';
import { AddForm } from './AddForm.tsx';
import { AskFirst } from './AskFirst.tsx';
import { CopyLine } from './CopyLine.tsx';
import { LastUsed } from './LastUsed.tsx';
import { Listing } from './Listing.tsx';
import { Notice } from './Notice.tsx';
import { Quote } from './Quote.tsx';
import { Row } from './Rows.tsx';

/** `app`: the name in the address to push to. */
export function KeyRows({
  owner,
  app = '<app>',
  mayChange = true,
}: {
  owner: KeyOwner;
  app?: string;
  mayChange?: boolean;
}) {
  const { data, error } = useKeys(owner);
  if (error !== null) return <Notice kind="danger" title={error.message} />;
  if (data === undefined) return <Skeleton height="6rem" />;
  if (data.ssh === null) return <p>This platform serves no git over SSH.</p>;
  return (
    <>
      <CopyLine text={data.ssh.urlPattern.replace('<app>', app)} label="the address for git over SSH" />
      <p>
        The platform proves itself by <code>{data.ssh.hostKey}</code>.
      </p>
      <Listing
        label="SSH keys"
        error={null}
        items={data.keys}
        empty="No keys yet."
        row={(key) => <Key key={key.id} owner={owner} shown={key} mayChange={mayChange} />}
      />
      {mayChange && <AddKey owner={owner} />}
    </>
  );
}

function Key({ owner, shown, mayChange }: { owner: KeyOwner; shown: KeyView; mayChange: boolean }) {
  const remove = useRemoveKey(owner);
  const name = visibleText(shown.name);
  return (
    <Row
      title={<Quote text={shown.name} />}
      facts={[
        shown.type,
        <code key="fingerprint">{shown.fingerprint}</code>,
        owner === 'self' ? null : shown.write ? 'may push' : 'may fetch',
        <LastUsed key="used" at={shown.lastUsedAt} />,
      ]}
    >
      {mayChange && (
        <AskFirst
          words="Remove"
          label={`Remove ${name}`}
          title={`Remove ${name}?`}
          action="Remove it"
          deed={remove}
          onConfirm={(done) => remove.mutate(shown.id, { onSuccess: done })}
        >
          <p>What runs by this key ends at once.</p>
        </AskFirst>
      )}
    </Row>
  );
}

function AddKey({ owner }: { owner: KeyOwner }) {
  const add = useAddKey(owner);
  const [key, setKey] = useState('');
  const [name, setName] = useState('');
  const [write, setWrite] = useState(false);
  const submit = (done: () => void) => {
    if (key.trim() === '') return;
    const wish = {
      key: key.trim(),
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(owner === 'self' ? {} : { write }),
    };
    const clear = () => {
      setKey('');
      setName('');
      done();
    };
    add.mutate(wish, { onSuccess: clear });
  };
  return (
    <AddForm words="Add key" deed={add} onSubmit={submit}>
      <Textarea
        label="Public key"
        description="The one line of ~/.ssh/id_ed25519.pub"
        rows={3}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        spellCheck={false}
      />
      <TextInput
        label="Name"
        description="Left empty: the comment in the key"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={80}
        autoComplete="off"
      />
      {owner !== 'self' && (
        <Checkbox
          label="It may push, not only fetch"
          checked={write}
          onChange={(event) => setWrite(event.currentTarget.checked)}
        />
      )}
    </AddForm>
  );
}
