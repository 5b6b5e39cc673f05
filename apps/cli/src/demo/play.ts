/** What all scenes of the demo share: the platform, the app, the repository, and what earlier scenes found. */
import type { AppView, DeploymentView, MailView, PoolView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import type { Api } from '../api/client.ts';
import { newestDeployment } from '../api/deployments.ts';
import { mailLines } from '../commands/mailbox.ts';
import type { Io } from '../io.ts';
import { shortCommit } from '../output/view.ts';
import type { Pushed, Repository } from './repository.ts';
import type { Stage } from './stage.ts';
import type { Door } from './visit.ts';
import { awaitMail } from './watch.ts';

export const APP = 'hello';

export interface Play {
  stage: Stage;
  io: Io;
  api: Api;
  door: Door;
  repository: Repository;
  /** Kills the platform and starts it again; null where that would take the router along. */
  crash: (() => Promise<void>) | null;
}

/** One version as it was when it went live. */
export interface Version {
  commit: string;
  /** Its instances as the platform names them, with the moment each started. */
  instances: string[];
  /** What the running app itself says of its start. */
  startedAt: string;
}

export type ScenePlayer = (play: Play) => Promise<void>;

const MAIL_DEADLINE_MS = 60_000;
const MAIL_LINES_SHOWN = 16;

export function fetchApp(play: Play): Promise<AppView> {
  return play.api.get<AppView>(paths.app(APP));
}

/** `git push clever main`, shown as it happens. */
export async function push(play: Play): Promise<Pushed> {
  const { stage, repository } = play;
  stage.command('git push clever main');
  const pushed = await repository.push((line) => stage.quote(line));
  stage.check(
    'git push was accepted',
    pushed.exitCode === 0,
    pushed.exitCode === 0 ? '' : `exit code ${pushed.exitCode}`,
  );
  return pushed;
}

/** `instance_… started …` for each member of the pool: equal strings mean the same running copy. */
export function instancesOf(pool: PoolView | null): string[] {
  return (pool?.instances ?? []).map((instance) => `${instance.id} started ${instance.startedAt ?? 'never'}`).sort();
}

export function livePool(app: AppView): PoolView | null {
  return app.live === null ? null : app.pools[app.live.colour];
}

export async function deploymentOf(play: Play, commit: string): Promise<DeploymentView | null> {
  return newestDeployment(play.api, APP, (deployment) => deployment.commit.commit === commit);
}

/** Checks that the failure mail names what failed, and shows it. */
export async function showFailureMail(play: Play, failed: DeploymentView): Promise<void> {
  const { stage, api } = play;
  const commit = shortCommit(failed.commit.commit);
  const mail = await awaitMail(api, (candidate) => isAbout(candidate, commit), MAIL_DEADLINE_MS);
  stage.check(
    'its owner got an e-mail',
    mail !== null,
    mail === null ? `none about ${commit} within ${MAIL_DEADLINE_MS / 1000} s` : '',
  );
  if (mail === null) return;
  const reason = failed.failure?.reason ?? '';
  const words = (text: string) => text.replace(/\s+/g, ' ');
  const tellsWhy = reason !== '' && words(mail.text).includes(words(reason));
  stage.check(
    'the e-mail names the app, the commit and the reason',
    tellsWhy && `${mail.subject} ${mail.text}`.includes(APP),
  );
  const lines = mailLines(mail);
  for (const line of lines.slice(0, MAIL_LINES_SHOWN)) stage.quote(line);
  if (lines.length > MAIL_LINES_SHOWN)
    stage.quote(`… ${lines.length - MAIL_LINES_SHOWN} more lines ("teal mailbox" shows mails whole)`);
}

function isAbout(mail: MailView, commit: string): boolean {
  return `${mail.subject}\n${mail.text}`.includes(commit);
}
