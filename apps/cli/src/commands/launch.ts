/** What every command does that has asked for a deployment: warns, follows the log, tells the outcome. */
import type { AppView, DeploymentStarted } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import type { Api } from '../api/client.ts';
import { followDeployment } from '../api/follow.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { logLine, sayOutcome, shortCommit, shortId } from '../output/view.ts';

/** `requestedAt`: when the request was sent, by `performance.now()`; the milliseconds told count from there. */
export async function launch(
  call: Call,
  api: Api,
  started: { app: string; answer: DeploymentStarted; requestedAt: number },
): Promise<void> {
  const { app, answer, requestedAt } = started;
  const { deployment, warnings } = answer;
  for (const warning of warnings) call.note(`${call.paint.yellow('!')} ${cleanWord(warning)}`);
  if (call.options.wait !== true) {
    call.data(answer);
    call.say(
      `${shortCommit(deployment.commit.commit)} is ${deployment.state}; "teal logs --deployment ${shortId(deployment.id)} -f" follows it`,
    );
    return;
  }
  const ended = await followDeployment(api, { app, deploymentId: deployment.id }, (line) =>
    call.say(logLine(call, line)),
  );
  const ms = Math.round(performance.now() - requestedAt);
  call.data({ deployment: ended, warnings, ms });
  const view = call.json || ended.state !== 'live' ? {} : { app: await api.get<AppView>(paths.app(app)) };
  sayOutcome(call, ended, { ...view, ms });
}
