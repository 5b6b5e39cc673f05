/** Redeploy, stop and start of an app, and what was answered. */
import { Button } from '@mantine/core';
import type { AppView, DeploymentView } from '@teal/contracts';
import { useState } from 'react';
import { useRedeploy, useStart, useStop } from '../api/mutations.ts';
import classes from './AppActions.module.css';
import { Confirm } from './Confirm.tsx';
import { Notice } from './Notice.tsx';

export function AppActions({ app, onStarted }: { app: AppView; onStarted(deployment: DeploymentView): void }) {
  const redeploy = useRedeploy(app.name);
  const start = useStart(app.name);
  const stop = useStop(app.name);
  const [asking, setAsking] = useState(false);
  const started = { onSuccess: ({ deployment }: { deployment: DeploymentView }) => onStarted(deployment) };
  const error = redeploy.error ?? start.error ?? stop.error;
  const reset = () => {
    for (const action of [redeploy, start, stop]) action.reset();
  };
  if (app.state === 'empty' && app.lastDeployment === null) return null;
  return (
    <div className={classes.actions}>
      <Button
        variant="default"
        disabled={app.running !== null}
        loading={redeploy.isPending}
        onClick={() => {
          reset();
          redeploy.mutate(undefined, started);
        }}
      >
        Redeploy
      </Button>
      {app.state === 'stopped' && (
        <Button
          variant="default"
          disabled={app.running !== null}
          loading={start.isPending}
          onClick={() => {
            reset();
            start.mutate(undefined, started);
          }}
        >
          Start app
        </Button>
      )}
      {app.state === 'live' && (
        <Button
          variant="default"
          onClick={() => {
            reset();
            setAsking(true);
          }}
        >
          Stop app
        </Button>
      )}
      {asking && (
        <Confirm
          title={`Stop ${app.name}?`}
          action={`Stop ${app.name}`}
          danger
          pending={stop.isPending}
          onConfirm={() => stop.mutate(undefined, { onSettled: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        >
          <p>It stops answering: visitors get an error page until somebody starts it again. Its images are kept.</p>
          {app.running !== null && <p>The running deployment is cancelled.</p>}
        </Confirm>
      )}
      {error !== null && <Notice kind="danger" title={error.message} />}
    </div>
  );
}
