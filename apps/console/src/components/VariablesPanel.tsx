/** An app's variables, one by one or as text; what will change is shown before it is saved. */
import { Button, PasswordInput, Skeleton, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useChangeEnvironment } from '../api/mutations.ts';
import classes from '../pages/Settings.module.css';
import { diffVariables, parseVariables, type Variables, variablesText } from '../view/variables.ts';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';
import { VariableList } from './VariableList.tsx';

export interface VariablesPanelProps {
  app: string;
  /** Undefined while they come. */
  variables: Variables | undefined;
  error: Error | null;
}

export function VariablesPanel({ app, variables, error }: VariablesPanelProps) {
  const [asText, setAsText] = useState(false);
  return (
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
      {variables === undefined && error === null && <Skeleton height="8rem" />}
      {variables !== undefined && asText && <AsText app={app} variables={variables} onDone={() => setAsText(false)} />}
      {variables !== undefined && !asText && <OneByOne app={app} variables={variables} />}
    </Panel>
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
