/** All apps: what each one serves and how its last deployment stands. */
import { Button, Skeleton, TextInput } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useState } from 'react';
import { useApps } from '../api/queries.ts';
import { AppRow } from '../components/AppRow.tsx';
import { CreateApp } from '../components/CreateApp.tsx';
import { Icon } from '../components/Icon.tsx';
import { Notice } from '../components/Notice.tsx';
import { useTitle } from '../hooks/title.ts';
import classes from './Apps.module.css';

/** From this many on, a list is easier to search than to read. */
const FILTER_FROM = 8;
const SHOWN = 100;

export function Apps() {
  useTitle('Apps');
  const { data, error } = useApps();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <header className={classes.header}>
        <h1>Apps</h1>
        <Button leftSection={<Icon name="plus" />} onClick={() => setCreating(true)}>
          Create app
        </Button>
      </header>
      {error !== null && <Notice kind="danger" title={error.message} />}
      {data === undefined && error === null && <Skeleton height="12rem" />}
      {data !== undefined && (data.apps.length === 0 ? <Empty /> : <List apps={data.apps} />)}
      {creating && <CreateApp onClose={() => setCreating(false)} />}
    </>
  );
}

function Empty() {
  return (
    <div className={classes.empty}>
      <h2>No apps yet</h2>
      <p>Create one: it gets an address and a git remote. Then push your code to it, and it is live.</p>
    </div>
  );
}

function List({ apps }: { apps: readonly AppView[] }) {
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState(SHOWN);
  const found = apps
    .filter((app) => app.name.includes(filter.trim().toLowerCase()))
    .sort((a, b) => a.name.localeCompare(b.name));
  return (
    <>
      {apps.length >= FILTER_FROM && (
        <TextInput
          aria-label="Filter by name"
          placeholder="Filter by name"
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
          className={classes.filter}
        />
      )}
      <ul aria-label="Apps" className={classes.list}>
        {found.slice(0, shown).map((app) => (
          <AppRow key={app.id} app={app} />
        ))}
      </ul>
      {found.length === 0 && <p>No app's name contains “{filter.trim()}”.</p>}
      {found.length > shown && (
        <Button variant="default" mt="md" onClick={() => setShown(shown + SHOWN)}>
          Show more ({found.length - shown} left)
        </Button>
      )}
    </>
  );
}
