/** All that can be set of an app, part by part, with its end as the last. */
import { Button, TextInput } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useDeleteApp } from '../api/mutations.ts';
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
import { VariablesPanel } from '../components/VariablesPanel.tsx';
import { Webhooks } from '../components/Webhooks.tsx';
import { useTitle } from '../hooks/title.ts';
import { checkPaths } from '../view/checks.ts';
import { useFramedApp } from './AppFrame.tsx';
import page from './Page.module.css';

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
  return (
    <div className={page.page}>
      <header>
        <h1>Settings</h1>
      </header>
      <PendingNote app={app} />
      <div className={page.indexed}>
        <OnThisPage parts={PARTS.filter(({ id }) => id !== 'delete' || may('app.delete'))} />
        <div>
          <VariablesPanel app={app.name} variables={data?.variables} error={error} />
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
