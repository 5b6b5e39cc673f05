/** The button that cancels a deployment which has not switched yet. */
import { Button } from '@mantine/core';
import type { DeploymentView } from '@teal/contracts';
import { useCancel } from '../api/mutations.ts';
import { useApp } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { isCancellable, isRunning } from '../view/phases.ts';
import { Notice } from './Notice.tsx';

export function CancelDeployment({ app, deployment }: { app: string; deployment: DeploymentView }) {
  const may = useMay(useApp(app).data?.organisationId ?? '');
  const cancel = useCancel(app);
  if (!isRunning(deployment) || !may('app.deploy')) return null;
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!isCancellable(deployment)}
        loading={cancel.isPending}
        onClick={() => cancel.mutate(deployment.id)}
      >
        Cancel deployment
      </Button>
      {cancel.error !== null && <Notice kind="danger" title={cancel.error.message} />}
    </>
  );
}
