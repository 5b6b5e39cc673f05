/** `teal wait`: waits until the deployment of a commit has ended; its exit code says how. */
import type { AppView, DeploymentView, LogLineView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { type Api, connect } from '../api/client.ts';
import { newestDeployment } from '../api/deployments.ts';
import { followDeployment, hasEnded } from '../api/follow.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { CommandError } from '../output/exit.ts';
import { sayOutcome, shortCommit } from '../output/view.ts';
import { commitOfFolder, commitOfWord } from './commit.ts';

export async function wait(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await resolveApp(call, api.server);
  const deployment = await find(call, api, app);
  let phase = '';
  const ended = hasEnded(deployment)
    ? deployment
    : await followDeployment(api, { app, deploymentId: deployment.id }, (line: LogLineView) => {
        if (line.phase !== phase && line.phase !== 'done')
          call.note(`${shortCommit(deployment.commit.commit)} ${line.phase} …`);
        phase = line.phase;
      });
  call.data(ended);
  const view = call.json || ended.state !== 'live' ? {} : { app: await api.get<AppView>(paths.app(app)) };
  sayOutcome(call, ended, view);
}

async function find(call: Call, api: Api, app: string): Promise<DeploymentView> {
  const word = call.words[0];
  const commit = word === undefined ? await commitOfFolder(call, api.server, app) : await commitOfWord(call, word);
  const isWanted = (deployment: DeploymentView) =>
    commit === null ? deployment.trigger === 'push' : deployment.commit.commit.startsWith(commit);
  const found = await newestDeployment(api, app, isWanted);
  if (found !== null) return found;
  const what = commit === null ? 'Nothing has been pushed' : `${shortCommit(commit)} has not been pushed`;
  throw new CommandError(
    'notFound',
    'deployment_not_found',
    `${what} to this app's deploy branch yet. "git push clever main" does it.`,
  );
}
