/** An app's variables; each value is hidden until somebody asks for it. */
import { ActionIcon } from '@mantine/core';
import { useState } from 'react';
import type { Variables } from '../view/variables.ts';
import { Icon } from './Icon.tsx';
import { Quote } from './Quote.tsx';
import classes from './VariableList.module.css';

export function VariableList({ variables, onRemove }: { variables: Variables; onRemove(name: string): void }) {
  const entries = Object.entries(variables).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) return <p>No variables yet. Add the first one below.</p>;
  return (
    <ul aria-label="Variables" className={classes.list}>
      {entries.map(([name, value]) => (
        <Variable key={name} name={name} value={value} onRemove={() => onRemove(name)} />
      ))}
    </ul>
  );
}

function Variable({ name, value, onRemove }: { name: string; value: string; onRemove(): void }) {
  const [shown, setShown] = useState(false);
  return (
    <li>
      <code>{name}</code>
      <span>{shown ? <Quote text={value} /> : '••••••••'}</span>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`${shown ? 'Hide' : 'Show'} ${name}`}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
      >
        <Icon name="eye" />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${name}`} onClick={onRemove}>
        <Icon name="trash" />
      </ActionIcon>
    </li>
  );
}
