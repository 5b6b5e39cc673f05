/** The button "Start last pushed commit": says what it will start, asks, and says what became of it. */
import { Button } from '@mantine/core';
import type { AppView } from '@teal/contracts';
import { useId, useState } from 'react';
import { useStartLastPushedCommit } from '../api/mutations.ts';
import { useMay } from '../api/session.ts';
import { useNow } from '../hooks/now.ts';
import { shortCommit } from '../view/commit.ts';
import { startLastOffer } from '../view/startlast.ts';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';
import classes from './StartLast.module.css';
import { StartLastQuestion } from './StartLastQuestion.tsx';

const MINUTE_MS = 60_000;

export function StartLast({ app, onStarted }: { app: AppView; onStarted(deploymentId: string): void }) {
  const may = useMay(app.organisationId);
  const start = useStartLastPushedCommit(app.name);
  /** The app as the user saw it when deciding; events may change it behind the question. */
  const [seen, setSeen] = useState<AppView | null>(null);
  const sentenceId = useId();
  const offer = startLastOffer(app, new Date(useNow(MINUTE_MS)));

  const enabled = offer.enabled && !start.isPending && may('app.deploy');

  const confirm = (decided: AppView) =>
    start.mutate(
      { expectedLive: decided.live?.deploymentId ?? null },
      { onSuccess: ({ deployment }) => onStarted(deployment.id), onSettled: () => setSeen(null) },
    );
  return (
    <section aria-label="Earlier version" className={classes.bar}>
      <Button
        leftSection={<Icon name="revive" />}
        // not `disabled`: who pressed it by keyboard keeps the focus while it works
        data-disabled={!enabled || undefined}
        aria-disabled={!enabled}
        aria-describedby={sentenceId}
        onClick={() => enabled && setSeen(app)}
      >
        Start last pushed commit
      </Button>
      <p id={sentenceId} className={classes.sentence}>
        {may('app.deploy') ? offer.sentence : 'Your role may see this app, not deploy it.'}
      </p>
      {seen !== null && (
        <StartLastQuestion
          app={seen}
          pending={start.isPending}
          onConfirm={() => confirm(seen)}
          onClose={() => setSeen(null)}
        />
      )}
      {start.error !== null && <Notice kind="danger" title={start.error.message} />}
      {start.data?.warnings.map((warning) => (
        <Notice key={warning} kind="warn" title={`Started ${shortCommit(start.data.deployment.commit.commit)}`}>
          <p>{warning}</p>
        </Notice>
      ))}
    </section>
  );
}
