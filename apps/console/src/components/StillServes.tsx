/** What an app's visitors get now, in one sentence. */
import type { AppView } from '@teal/contracts';
import { shortCommit } from '../view/commit.ts';
import { Age } from './Age.tsx';
import { Quote } from './Quote.tsx';

export function StillServes({ app }: { app: AppView }) {
  const { live, state } = app;
  if (live === null)
    return <>Nothing serves: {state === 'stopped' ? 'the app is stopped.' : 'no version of this app is live.'}</>;
  return (
    <>
      <strong>{shortCommit(live.commit.commit)} still serves</strong> (<Quote text={live.commit.message} />,{' '}
      {live.colour}, live for <Age at={live.since} form="span" />
      ).
    </>
  );
}
