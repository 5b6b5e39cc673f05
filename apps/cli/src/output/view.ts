/** The API's things as lines for people: deployments, commits, outcomes. Every text of theirs is cleaned here. */
import type { AppView, CommitView, DeploymentView, LogLineView } from '@teal/contracts';
import type { Call } from '../call.ts';
import { cleanLine, cleanWord } from './clean.ts';
import { CommandError } from './exit.ts';
import { duration } from './moment.ts';

const SUBJECT_MAX = 60;

export function shortCommit(commit: string): string {
  return cleanWord(commit).slice(0, 7);
}

/** The part of an id that people type: `deployment_1f2e3d4c-…` → `1f2e3d4c`. */
export function shortId(id: string): string {
  return cleanWord(id.slice(id.indexOf('_') + 1)).slice(0, 8);
}

export function subject(commit: CommitView): string {
  const text = cleanWord(commit.message);
  return text.length > SUBJECT_MAX ? `${text.slice(0, SUBJECT_MAX - 1)}…` : text;
}

/** A line of a deployment's log: the platform's own stand out, those of the build and the app are set in. */
export function logLine(call: Call, line: LogLineView): string {
  const text = cleanLine(line.text, call.paint.on);
  return line.source === 'teal' ? `${call.paint.cyan('•')} ${text}` : `  ${text}`.trimEnd();
}

/** How a deployment took: from its acceptance to its last change. Null while the times are not known. */
export function tookMs(deployment: DeploymentView): number | null {
  const ends = [deployment.times.live, deployment.times.failed, deployment.times.cancelled]
    .map((at) => Date.parse(at ?? ''))
    .filter((at) => !Number.isNaN(at));
  const startMs = Date.parse(deployment.createdAt);
  return ends.length === 0 || Number.isNaN(startMs) ? null : Math.max(...ends) - startMs;
}

/** Says that it is live; throws when the deployment failed or was cancelled, so that the exit code tells. */
export function sayOutcome(call: Call, deployment: DeploymentView, more: { app?: AppView; ms?: number } = {}): void {
  const commit = shortCommit(deployment.commit.commit);
  const details = { deployment: deployment.id };
  if (deployment.state === 'failed') {
    const { phase, code, reason } = deployment.failure ?? {
      phase: 'unknown phase',
      code: 'deployment_failed',
      reason: '',
    };
    const message = `the deployment of ${commit} failed while ${phase}: ${cleanWord(reason)}`;
    throw new CommandError('failed', code, message, { details });
  }
  if (deployment.state === 'cancelled') {
    const why = deployment.cancelReason === null ? '' : `: ${cleanWord(deployment.cancelReason)}`;
    throw new CommandError('failed', 'deployment_cancelled', `the deployment of ${commit} was cancelled${why}.`, {
      details,
    });
  }
  const ms = more.ms ?? tookMs(deployment);
  const verb = deployment.state === 'replaced' ? 'was live; a newer version has replaced it' : 'is live';
  const where = more.app === undefined || deployment.state === 'replaced' ? '' : ` at ${cleanWord(more.app.url)}`;
  call.say(
    `${call.paint.green('✔')} ${call.paint.bold(commit)} ${verb}${where}${ms === null ? '' : ` (${duration(ms)})`}`,
  );
}
