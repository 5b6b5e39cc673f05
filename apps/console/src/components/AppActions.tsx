/** Redeploy, stop, start and maintenance of an app, and what was answered. */
import { Button } from '@mantine/core';
import type { AppView, DeploymentView } from '@teal/contracts';
import { useState } from 'react';
import { useMaintenance, useRedeploy, useStart, useStop } from '../api/mutations.ts';
import { useMay } from '../api/session.ts';
import classes from './AppActions.module.css';
import { Confirm } from './Confirm.tsx';
import { Notice } from './Notice.tsx';

type Question = 'stop' | 'maintenance' | 'redeploy';

export function AppActions({ app, onStarted }: { app: AppView; onStarted(deploymentId: string): void }) {
  const may = useMay(app.organisationId);
  const redeploy = useRedeploy(app.name);
  const start = useStart(app.name);
  const stop = useStop(app.name);
  const maintenance = useMaintenance(app.name);
  const [asked, setAsked] = useState<Question | null>(null);
  const actions = [redeploy, start, stop, maintenance];
  const error = actions.find((action) => action.error !== null)?.error;
  const began = ({ deployment }: { deployment: DeploymentView }) => onStarted(deployment.id);
  const settled = { onSettled: () => setAsked(null) };
  const ask = (question: Question) => {
    for (const action of actions) action.reset();
    setAsked(question);
  };
  if (!may('app.deploy') || (app.state === 'empty' && app.lastDeployment === null)) return null;
  const question = { onClose: () => setAsked(null), app };
  return (
    <div className={classes.actions}>
      {app.state === 'stopped' && (
        <Button
          disabled={app.running !== null}
          loading={start.isPending}
          onClick={() => start.mutate(undefined, { onSuccess: began })}
        >
          Start app
        </Button>
      )}
      <Button variant="default" disabled={app.running !== null} onClick={() => ask('redeploy')}>
        Redeploy
      </Button>
      {app.state === 'live' && !app.maintenance && may('app.configure') && (
        <Button variant="default" onClick={() => ask('maintenance')}>
          Maintenance
        </Button>
      )}
      {app.state === 'live' && (
        <Button variant="default" onClick={() => ask('stop')}>
          Stop app
        </Button>
      )}
      {asked === 'redeploy' && (
        <RedeployQuestion
          {...question}
          pending={redeploy.isPending}
          onConfirm={() => redeploy.mutate(null, { onSuccess: began, ...settled })}
        />
      )}
      {asked === 'maintenance' && (
        <MaintenanceQuestion
          {...question}
          pending={maintenance.isPending}
          onConfirm={() => maintenance.mutate({ on: true }, settled)}
        />
      )}
      {asked === 'stop' && (
        <StopQuestion {...question} pending={stop.isPending} onConfirm={() => stop.mutate(undefined, settled)} />
      )}
      {error && <Notice kind="danger" title={error.message} />}
    </div>
  );
}

interface QuestionProps {
  app: AppView;
  pending: boolean;
  onConfirm(): void;
  onClose(): void;
}

function RedeployQuestion({ app, ...question }: QuestionProps) {
  return (
    <Confirm title={`Redeploy ${app.name}?`} action="Redeploy it" {...question}>
      <p>
        The newest commit of {app.deployBranch ?? 'the deploy branch'} goes through build, start and checks again, with
        today's variables and settings. What is live serves until the new instances are healthy.
      </p>
    </Confirm>
  );
}

function MaintenanceQuestion({ app, ...question }: QuestionProps) {
  return (
    <Confirm title={`Show the maintenance page of ${app.name}?`} action="Begin maintenance" {...question}>
      <p>Visitors get 503 and the maintenance page at once. The app runs on behind it, and so do deployments.</p>
    </Confirm>
  );
}

function StopQuestion({ app, ...question }: QuestionProps) {
  return (
    <Confirm title={`Stop ${app.name}?`} action={`Stop ${app.name}`} danger {...question}>
      <p>It stops answering: visitors get an error page until somebody starts it again. Its images are kept.</p>
      {app.running !== null && <p>The running deployment is cancelled.</p>}
    </Confirm>
  );
}
