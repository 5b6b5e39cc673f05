/** Maintenance on and off, and the page that visitors see meanwhile. */
import { Button, Skeleton, Textarea } from '@mantine/core';
import type { AppView, MaintenanceView } from '@teal/contracts';
import { useState } from 'react';
import { useMaintenance } from '../api/mutations.ts';
import { useMaintenancePage } from '../api/queries.ts';
import classes from '../pages/Settings.module.css';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';

export function MaintenancePage({ app }: { app: AppView }) {
  const { data, error } = useMaintenancePage(app.name);
  return (
    <Panel
      id="maintenance"
      title="Maintenance"
      about="Visitors get 503 and this page, at once. Deployments go on behind it."
    >
      {error !== null && <Notice kind="danger" title={error.message} />}
      {data === undefined && error === null && <Skeleton height="5rem" />}
      {data !== undefined && <Page key={String(data.page)} app={app.name} now={data} />}
    </Panel>
  );
}

function Page({ app, now }: { app: string; now: MaintenanceView }) {
  const maintenance = useMaintenance(app);
  const [page, setPage] = useState(now.page ?? '');
  const begin = () => maintenance.mutate({ on: true, page: page.trim() === '' ? null : page });
  return (
    <>
      <Textarea
        label="Page (HTML)"
        description="Empty: a plain one. At most 64 KiB"
        rows={4}
        value={page}
        onChange={(event) => setPage(event.currentTarget.value)}
        spellCheck={false}
      />
      {maintenance.error !== null && <Notice kind="danger" title={maintenance.error.message} />}
      <div className={classes.buttons}>
        <Button variant={now.on ? 'default' : 'filled'} loading={maintenance.isPending} onClick={begin}>
          {now.on ? 'Show this page' : 'Begin maintenance with this page'}
        </Button>
        {now.on && (
          <Button loading={maintenance.isPending} onClick={() => maintenance.mutate({ on: false })}>
            End maintenance
          </Button>
        )}
      </div>
    </>
  );
}
