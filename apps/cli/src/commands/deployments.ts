/** `teal deployments`: the newest deployments of an app. */
import { connect } from '../api/client.ts';
import { fetchPage } from '../api/deployments.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';
import { ago, duration } from '../output/moment.ts';
import { paintState } from '../output/paint.ts';
import { shortCommit, shortId, subject, tookMs } from '../output/view.ts';

export async function deployments(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await resolveApp(call, api.server, call.words[0]);
  const page = await fetchPage(api, app, call.options.lines === undefined ? {} : { limit: call.options.lines });
  call.data(page);
  if (page.deployments.length === 0) call.note('Nothing has been deployed yet. "git push clever main" does it.');
  const nowMs = Date.now();
  call.rows(
    page.deployments.map((deployment) => {
      const took = tookMs(deployment);
      return [
        shortId(deployment.id),
        paintState(call.paint, deployment.state),
        call.paint.yellow(shortCommit(deployment.commit.commit)),
        cleanWord(deployment.trigger),
        deployment.failure === null ? subject(deployment.commit) : cleanWord(deployment.failure.reason).slice(0, 60),
        took === null ? '' : duration(took),
        call.paint.dim(ago(deployment.createdAt, nowMs)),
      ];
    }),
  );
}
