/** Asks before the previous version gets the traffic back, and names both versions. */
import type { AppView } from '@teal/contracts';
import { shortCommit } from '../view/commit.ts';
import { startLastOffer } from '../view/startlast.ts';
import { Commit } from './Commit.tsx';
import { Confirm } from './Confirm.tsx';
import { Notice } from './Notice.tsx';
import { Quote } from './Quote.tsx';
import classes from './StartLastQuestion.module.css';

export interface StartLastQuestionProps {
  app: AppView;
  pending: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function StartLastQuestion({ app, ...question }: StartLastQuestionProps) {
  const { previous, live } = app;
  if (previous === null) return null;
  const commit = shortCommit(previous.commit.commit);
  return (
    <Confirm title="Start last pushed commit?" action={`Start ${commit}`} {...question}>
      <p>This {startLastOffer(app, new Date()).sentence}.</p>
      <dl className={classes.versions}>
        <dt>Gets the traffic</dt>
        <dd>
          <Commit commit={previous.commit} wrap />
          by <Quote text={previous.commit.author} />
        </dd>
        {live !== null && (
          <>
            <dt>Is live until then</dt>
            <dd>
              <Commit commit={live.commit} wrap />
              by <Quote text={live.commit.author} />
            </dd>
          </>
        )}
      </dl>
      {previous.environmentDiffers && (
        <Notice kind="warn" title="It starts with its own variables">
          <p>The app's variables of today differ from those it ran with, and stay as they are.</p>
        </Notice>
      )}
    </Confirm>
  );
}
