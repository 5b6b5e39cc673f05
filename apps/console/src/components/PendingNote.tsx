/** Says that variables or settings changed since the live version was started, and applies them. */
import { Button } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useRedeploy } from '../api/mutations.ts';
import { useMay } from '../api/session.ts';
import { shortCommit } from '../view/commit.ts';
import { Notice } from './Notice.tsx';

export function PendingNote({ app }: { app: AppView }) {
  const may = useMay(app.organisationId);
  const redeploy = useRedeploy(app.name);
  if (!app.pendingConfiguration || app.live === null) return null;
  const { commit } = app.live.commit;
  return (
    <Notice kind="warn" title="Restart needed: changed variables or settings are not in force yet">
      <p>The live version runs with those it was started with. A redeploy applies the new ones, without downtime.</p>
      {redeploy.error !== null && <p role="alert">{redeploy.error.message}</p>}
      {may('app.deploy') && (
        <Button
          variant="default"
          size="compact-sm"
          disabled={app.running !== null}
          loading={redeploy.isPending}
          onClick={() => redeploy.mutate(commit)}
        >
          Apply them: redeploy {shortCommit(commit)}
        </Button>
      )}
    </Notice>
  );
}
