/** What "Start last pushed commit" would do now, in words. */
import type { AppView, PreviousView } from '@teal/contracts';
import { shortCommit } from './commit.ts';
import { formatClock } from './time.ts';

export interface StartLastOffer {
  /** False with nothing to start, or while a deployment runs. */
  enabled: boolean;
  /** `starts 3f2c1a0, version of 14:02 (asleep: answers at once); not the failed 9be07d4`, or why there is nothing. */
  sentence: string;
}

const STANDINGS: Readonly<Record<PreviousView['standing'], string>> = {
  draining: 'still running: answers at once',
  asleep: 'asleep: answers at once',
  off: 'off: starts from its kept image',
  'no-image': 'its image is gone: builds again',
};

export function startLastOffer(app: AppView, now: Date, timeZone?: string): StartLastOffer {
  const { previous, running } = app;
  if (previous === null) return { enabled: false, sentence: nothingToStart(app) };
  const version = `version of ${formatClock(previous.liveAt, now, timeZone)} (${STANDINGS[previous.standing]})`;
  const failed = failedCommit(app);
  const not = failed === null ? '' : `; not the failed ${shortCommit(failed)}`;
  const sentence = `starts ${shortCommit(previous.commit.commit)}, ${version}${not}`;
  if (running === null) return { enabled: true, sentence };
  return { enabled: false, sentence: `${sentence}. Wait until the running deployment has ended, or cancel it` };
}

/** The commit of the last deployment when it failed and is not what would be started. */
function failedCommit({ lastDeployment, previous }: AppView): string | null {
  if (lastDeployment?.state !== 'failed') return null;
  return lastDeployment.commit.commit === previous?.commit.commit ? null : lastDeployment.commit.commit;
}

function nothingToStart(app: AppView): string {
  if (app.live === null) return 'no version has been live yet';
  return `no earlier version to start: only ${shortCommit(app.live.commit.commit)} has been live`;
}
