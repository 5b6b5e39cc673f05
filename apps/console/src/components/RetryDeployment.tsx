/** Tries a deployment's commit again, or starts a version that was live before. */
import { Button } from '@mantine/core';
import type { AppView, DeploymentView } from '@teal/contracts';
import { useNavigate } from 'react-router';
import { useRedeploy, useStartLastPushedCommit } from '../api/mutations.ts';
import { useMay } from '../api/session.ts';
import { deploymentPath } from '../view/addresses.ts';
import { shortCommit } from '../view/commit.ts';
import { Notice } from './Notice.tsx';

export function RetryDeployment({ app, deployment }: { app: AppView; deployment: DeploymentView }) {
  const navigate = useNavigate();
  const may = useMay(app.organisationId);
  const redeploy = useRedeploy(app.name);
  const start = useStartLastPushedCommit(app.name);
  const { commit } = deployment.commit;
  const follow = {
    onSuccess: ({ deployment: begun }: { deployment: DeploymentView }) => navigate(deploymentPath(app.name, begun.id)),
  };
  const error = redeploy.error ?? start.error;
  const wasLive = deployment.state === 'replaced';
  if (!may('app.deploy')) return null;
  if (deployment.state !== 'failed' && deployment.state !== 'cancelled' && !wasLive) return null;
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        disabled={app.running !== null}
        loading={redeploy.isPending || start.isPending}
        onClick={() => {
          if (wasLive)
            start.mutate({ expectedLive: app.live?.deploymentId ?? null, deployment: deployment.id }, follow);
          else redeploy.mutate(commit, follow);
        }}
      >
        {wasLive ? `Start ${shortCommit(commit)} again` : `Try ${shortCommit(commit)} again`}
      </Button>
      {error !== null && <Notice kind="danger" title={error.message} />}
    </>
  );
}
