/** Says that visitors see the maintenance page, and ends it. */
import { Button } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useMaintenance } from '../api/mutations.ts';
import { useMay } from '../api/session.ts';
import { Notice } from './Notice.tsx';

export function MaintenanceNote({ app }: { app: AppView }) {
  const may = useMay(app.organisationId);
  const maintenance = useMaintenance(app.name);
  if (!app.maintenance) return null;
  return (
    <Notice kind="warn" title="Visitors see the maintenance page">
      <p>Every request is answered with 503 and that page. Deployments go on behind it.</p>
      {maintenance.error !== null && <p role="alert">{maintenance.error.message}</p>}
      {may('app.configure') && (
        <Button
          variant="default"
          size="compact-sm"
          loading={maintenance.isPending}
          onClick={() => maintenance.mutate({ on: false })}
        >
          End maintenance
        </Button>
      )}
    </Notice>
  );
}
