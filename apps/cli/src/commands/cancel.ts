/** `teal cancel`: cancels the running deployment, or the one named. */
import type { AppView, DeploymentView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import { findDeployment } from '../api/deployments.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { CommandError } from '../output/exit.ts';
import { shortCommit } from '../output/view.ts';

export async function cancel(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await resolveApp(call, api.server);
  const word = call.words[0];
  const target =
    word === undefined ? (await api.get<AppView>(paths.app(app))).running : await findDeployment(api, app, word);
  if (target === null) throw new CommandError('conflict', 'nothing_running', 'No deployment of this app is running.');
  await api.post(paths.cancel(app, target.id));
  const deployment = await api.get<DeploymentView>(paths.deployment(app, target.id));
  call.data(deployment);
  const verb = deployment.state === 'cancelled' ? 'cancelled' : 'cancelling';
  call.say(`${call.paint.green('✔')} ${verb} ${shortCommit(deployment.commit.commit)}`);
}
