/** `teal redeploy`: builds a commit again where needed and starts it with the app's variables of now. */
import type { DeploymentStarted } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { commitOfWord } from './commit.ts';
import { launch } from './launch.ts';

export async function redeploy(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await resolveApp(call, api.server);
  const word = call.words[0];
  const body = word === undefined ? {} : { commit: await commitOfWord(call, word) };
  const requestedAt = performance.now();
  const answer = await api.post<DeploymentStarted>(paths.redeploy(app), body);
  await launch(call, api, { app, answer, requestedAt });
}
