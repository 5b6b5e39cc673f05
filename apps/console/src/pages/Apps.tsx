/** All apps: what each one serves and how its last deployment stands. */
import { Button, Skeleton, TextInput } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useState } from 'react';
import { Link } from 'react-router';
import { useApps } from '../api/queries.ts';
import { useMay, useSignedIn } from '../api/session.ts';
import { AppRow } from '../components/AppRow.tsx';
import { CreateApp } from '../components/CreateApp.tsx';
import { Icon } from '../components/Icon.tsx';
import { Notice } from '../components/Notice.tsx';
import { useOrganisation } from '../hooks/organisation.tsx';
import { useTitle } from '../hooks/title.ts';
import classes from './Apps.module.css';

/** From this many on, a list is easier to search than to read. */
const FILTER_FROM = 8;
const SHOWN = 100;

export function Apps() {
  useTitle('Apps');
  const { data, error } = useApps();
  const { organisation } = useOrganisation();
  const may = useMay(organisation?.id ?? '');
  const [creating, setCreating] = useState(false);
  const apps = data?.apps.filter((app) => organisation === null || app.organisationId === organisation.id);
  return (
    <>
      <header className={classes.header}>
        <h1>Apps</h1>
        {may('app.create') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => setCreating(true)}>
            Create app
          </Button>
        )}
      </header>
      <FirstSteps />
      {error !== null && <Notice kind="danger" title={error.message} />}
      {apps === undefined && error === null && <Skeleton height="12rem" />}
      {apps !== undefined && (apps.length === 0 ? <Empty mayCreate={may('app.create')} /> : <List apps={apps} />)}
      {creating && <CreateApp organisation={organisation?.id} onClose={() => setCreating(false)} />}
    </>
  );
}

/** Whoever came in by a token only is told how to come back without it. */
function FirstSteps() {
  const { user, hasPassword, organisations, permissions } = useSignedIn();
  if (organisations.length === 0)
    return (
      <Notice kind="info" title="You belong to no organisation">
        <p>
          Ask somebody for an invitation, or <Link to="/account">make an organisation of your own</Link>.
        </p>
      </Notice>
    );
  if (hasPassword || user.email === null || !permissions.self.includes('self.manage')) return null;
  return (
    <div className={classes.steps}>
      <Notice kind="info" title="You came in by a token">
        <p>
          <Link to="/account">Set a password</Link> for {user.email}, and you can sign in without it.
        </p>
      </Notice>
    </div>
  );
}

function Empty({ mayCreate }: { mayCreate: boolean }) {
  return (
    <div className={classes.empty}>
      <h2>No apps yet</h2>
      {mayCreate ? (
        <p>Create one: it gets an address and a git remote. Then push your code to it, and it is live.</p>
      ) : (
        <p>Your role here may see apps, not create them: a developer of the organisation can.</p>
      )}
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
