/** `teal start`: starts a stopped app with the version that was live last. */
import type { DeploymentStarted } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { launch } from './launch.ts';

export async function start(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await resolveApp(call, api.server, call.words[0]);
  const requestedAt = performance.now();
  const answer = await api.post<DeploymentStarted>(paths.start(app));
  await launch(call, api, { app, answer, requestedAt });
}
