/** `teal start-last-pushed-commit`: gives the traffic back to the previous version, or to any kept one. */
import type { AppView, DeploymentStarted, DeploymentView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import { findDeployment } from '../api/deployments.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { clock } from '../output/moment.ts';
import { shortCommit, subject } from '../output/view.ts';
import { launch } from './launch.ts';

export async function startLastPushedCommit(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await api.get<AppView>(paths.app(await resolveApp(call, api.server, call.words[0])));
  const { deployment: wanted } = call.options;
  const chosen = wanted === undefined ? null : await findDeployment(api, app.id, wanted);
  const announcement = announce(app, chosen);
  if (announcement !== null) call.say(announcement);
  const requestedAt = performance.now();
  const answer = await api.post<DeploymentStarted>(paths.startLastPushedCommit(app.id), {
    // What was live when this was decided: a second click, or a push in between, gets 409 and changes nothing.
    expectedLive: app.live?.deploymentId ?? null,
    ...(chosen === null ? {} : { deployment: chosen.id }),
  });
  await launch(call, api, { app: app.id, answer, requestedAt });
}

/** "starts 3f2c1a7 …, version of 14:02; not the failed 9be07d1"; null when the server has to say that there is none. */
function announce(app: AppView, chosen: DeploymentView | null): string | null {
  const target =
    chosen !== null
      ? { commit: chosen.commit, at: chosen.times.live ?? chosen.createdAt }
      : app.previous !== null
        ? { commit: app.previous.commit, at: app.previous.liveAt }
        : null;
  if (target === null) return null;
  const last = app.lastDeployment;
  const not = last?.state === 'failed' ? `; not the failed ${shortCommit(last.commit.commit)}` : '';
  return `starts ${shortCommit(target.commit.commit)} "${subject(target.commit)}", version of ${clock(target.at)}${not}`;
}
