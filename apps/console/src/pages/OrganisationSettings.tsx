/** An organisation's name, leaving it, and its end. */
import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { useDeleteOrganisation, useLeave, useRenameOrganisation } from '../api/people.ts';
import { useMay } from '../api/session.ts';
import { AskFirst } from '../components/AskFirst.tsx';
import { Panel } from '../components/Panel.tsx';
import type { Organisation } from '../hooks/organisation.tsx';
import { useTitle } from '../hooks/title.ts';
import { visibleText } from '../view/visible.ts';
import { useFramedOrganisation } from './Organisation.tsx';
import classes from './Page.module.css';

export function OrganisationSettings() {
  useTitle('Settings of the organisation');
  const organisation = useFramedOrganisation();
  const may = useMay(organisation.id);
  const leave = useLeave(organisation.id);
  const navigate = useNavigate();
  return (
    <>
      <header>
        <h1>Settings</h1>
        <p>You are {organisation.role} here.</p>
      </header>
      {may('organisation.manage') && <Rename organisation={organisation} />}
      {may('organisation.leave') && (
        <Panel title="Leave the organisation" about="You see nothing of it any more. Its last admin can't leave.">
          <AskFirst
            words="Leave …"
            title={`Leave ${visibleText(organisation.name)}?`}
            action="Leave"
            deed={leave}
            onConfirm={() => leave.mutate(undefined, { onSuccess: () => navigate('/') })}
          >
            <p>Only an invitation brings you back.</p>
          </AskFirst>
        </Panel>
      )}
      {may('organisation.manage') && <Delete organisation={organisation} />}
    </>
  );
}

function Rename({ organisation }: { organisation: Organisation }) {
  const rename = useRenameOrganisation(organisation.id);
  const [name, setName] = useState(organisation.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') rename.mutate(name.trim());
  };
  return (
    <Panel title="Name">
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          aria-label="Name of the organisation"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={rename.error?.message}
          maxLength={80}
          autoComplete="off"
        />
        <Button type="submit" loading={rename.isPending} disabled={name.trim() === organisation.name}>
          Rename
        </Button>
      </form>
    </Panel>
  );
}

function Delete({ organisation }: { organisation: Organisation }) {
  const remove = useDeleteOrganisation(organisation.id);
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const name = visibleText(organisation.name);
  return (
    <Panel title="Delete the organisation" about="Only one without apps can be deleted. Nothing brings it back." danger>
      <AskFirst
        words={`Delete ${name} …`}
        title={`Delete ${name} for good?`}
        action={`Delete ${name}`}
        disabled={typed !== organisation.name}
        deed={remove}
        onConfirm={() => remove.mutate(undefined, { onSuccess: () => navigate('/') })}
      >
        <TextInput
          label={`Type ${name} to be sure`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
      </AskFirst>
    </Panel>
  );
}
