/** What an app is given: its variables, one by one or as text; and its end. */
import { Button, PasswordInput, Skeleton, Textarea, TextInput } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { useChangeEnvironment, useDeleteApp } from '../api/mutations.ts';
import { useEnvironment } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { Checks } from '../components/Checks.tsx';
import { Confirm } from '../components/Confirm.tsx';
import { Domains } from '../components/Domains.tsx';
import { KeyRows } from '../components/KeyRows.tsx';
import { MaintenancePage } from '../components/MaintenancePage.tsx';
import { Notice } from '../components/Notice.tsx';
import { OnThisPage } from '../components/OnThisPage.tsx';
import { Panel } from '../components/Panel.tsx';
import { PendingNote } from '../components/PendingNote.tsx';
import { RunSettings } from '../components/RunSettings.tsx';
import { VariableList } from '../components/VariableList.tsx';
import { Webhooks } from '../components/Webhooks.tsx';
import { useTitle } from '../hooks/title.ts';
import { checkPaths } from '../view/checks.ts';
import { diffVariables, parseVariables, type Variables, variablesText } from '../view/variables.ts';
import { useFramedApp } from './AppFrame.tsx';
import page from './Page.module.css';
import classes from './Settings.module.css';

const PARTS = [
  { id: 'variables', words: 'Variables' },
  { id: 'checks', words: 'Health checks' },
  { id: 'running', words: 'Running' },
  { id: 'domains', words: 'Domains' },
  { id: 'maintenance', words: 'Maintenance' },
  { id: 'keys', words: 'Keys' },
  { id: 'webhooks', words: 'Webhooks' },
  { id: 'delete', words: 'Delete' },
] as const;

export function Settings() {
  const app = useFramedApp();
  useTitle(`Settings of ${app.name}`);
  const { data, error } = useEnvironment(app.name);
  const may = useMay(app.organisationId);
  const [asText, setAsText] = useState(false);
  return (
    <div className={page.page}>
      <header>
        <h1>Settings</h1>
      </header>
      <PendingNote app={app} />
      <div className={page.indexed}>
        <OnThisPage parts={PARTS.filter(({ id }) => id !== 'delete' || may('app.delete'))} />
        <div>
          <Panel
            id="variables"
            title="Variables"
            about="The app reads them in its environment. A change waits for the next deployment."
            action={
              <Button variant="default" size="compact-sm" aria-pressed={asText} onClick={() => setAsText(!asText)}>
                Edit as text
              </Button>
            }
          >
            {error !== null && <Notice kind="danger" title={error.message} />}
            {data === undefined && error === null && <Skeleton height="8rem" />}
            {data !== undefined && asText && (
              <AsText app={app.name} variables={data.variables} onDone={() => setAsText(false)} />
            )}
            {data !== undefined && !asText && <OneByOne app={app.name} variables={data.variables} />}
          </Panel>
          {data !== undefined && (
            <Checks key={checkPaths(data.variables).join()} app={app.name} variables={data.variables} />
          )}
          <RunSettings app={app} />
          <Domains app={app} />
          <MaintenancePage app={app} />
          <Panel
            id="keys"
            title="Keys of this app"
            about="For machines: each may fetch this app over SSH, and push it where you allow that."
          >
            <KeyRows owner={{ app: app.name }} app={app.name} />
          </Panel>
          <Webhooks owner={{ app: app.name }} about="Told what becomes of this app's deployments." />
          {may('app.delete') && <Danger app={app} />}
        </div>
      </div>
    </div>
  );
}

function OneByOne({ app, variables }: { app: string; variables: Variables }) {
  const change = useChangeEnvironment(app);
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    change.mutate(
      { set: { [name.trim()]: value } },
      {
        onSuccess: () => {
          setName('');
          setValue('');
        },
      },
    );
  };
  return (
    <>
      <VariableList variables={variables} onRemove={(removed) => change.mutate({ unset: [removed] })} />
      <form onSubmit={submit} className={classes.add}>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <PasswordInput
          label="Value"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the value' }}
        />
        <Button type="submit" loading={change.isPending}>
          {Object.hasOwn(variables, name.trim()) ? 'Replace variable' : 'Add variable'}
        </Button>
      </form>
      {change.error !== null && <Notice kind="danger" title={change.error.message} />}
    </>
  );
}

function AsText({ app, variables, onDone }: { app: string; variables: Variables; onDone(): void }) {
  const change = useChangeEnvironment(app);
  const [text, setText] = useState(() => variablesText(variables));
  const { variables: wanted, problem } = parseVariables(text);
  const diff = diffVariables(variables, wanted);
  const names = [...diff.added, ...diff.changed];
  const isSame = names.length + diff.removed.length === 0;
  const save = () =>
    change.mutate(
      { set: Object.fromEntries(names.map((name) => [name, wanted[name] ?? ''])), unset: diff.removed },
      { onSuccess: onDone },
    );
  return (
    <>
      <Textarea
        className={classes.text}
        aria-label="Variables, one NAME=value a line"
        rows={10}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={problem}
        spellCheck={false}
      />
      <ul aria-label="What will change" className={classes.diff}>
        {isSame && <li>Nothing has been changed.</li>}
        {diff.added.map((name) => (
          <li key={name}>+ {name}: added</li>
        ))}
        {diff.changed.map((name) => (
          <li key={name}>~ {name}: another value</li>
        ))}
        {diff.removed.map((name) => (
          <li key={name}>− {name}: removed</li>
        ))}
      </ul>
      {change.error !== null && <Notice kind="danger" title={change.error.message} />}
      <div className={classes.buttons}>
        <Button disabled={isSame || problem !== null} loading={change.isPending} onClick={save}>
          Save variables
        </Button>
        <Button variant="default" onClick={onDone}>
          Not now
        </Button>
      </div>
    </>
  );
}

function Danger({ app }: { app: AppView }) {
  const navigate = useNavigate();
  const remove = useDeleteApp(app.name);
  const [asked, setAsked] = useState(false);
  const [typed, setTyped] = useState('');
  return (
    <Panel
      id="delete"
      title="Delete the app"
      about="Its instances, images, deployments, logs and git repository go with it. Nothing brings them back."
      danger
    >
      <Button variant="default" onClick={() => setAsked(true)}>
        Delete {app.name} …
      </Button>
      {remove.error !== null && <Notice kind="danger" title={remove.error.message} />}
      {asked && (
        <Confirm
          title={`Delete ${app.name} for good?`}
          action={`Delete ${app.name}`}
          danger
          disabled={typed !== app.name}
          pending={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onSuccess: () => navigate('/'), onError: () => setAsked(false) })}
          onClose={() => setAsked(false)}
        >
          <TextInput
            label={`Type ${app.name} to be sure`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
          />
        </Confirm>
      )}
    </Panel>
  );
}
