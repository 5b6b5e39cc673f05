/** `teal status` and `teal apps show`: what is live, what would come back, what is running. */
import type { AppView, PoolView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';
import { ago } from '../output/moment.ts';
import { paintState } from '../output/paint.ts';
import { trafficLine } from '../output/traffic.ts';
import { usageWords } from '../output/usage.ts';
import { shortCommit, shortId, subject } from '../output/view.ts';

export async function status(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await api.get<AppView>(paths.app(await resolveApp(call, api.server, call.words[0])));
  call.data(app);
  call.say(`${call.paint.bold(cleanWord(app.name))}  ${paintState(call.paint, app.state)}  ${cleanWord(app.url)}`);
  call.rows(statusRows(call, app, Date.now()).map(([first = '', ...others]) => [`  ${first}`, ...others]));
  call.say(`  traffic  ${trafficLine(app.traffic)}`);
  if (app.pendingConfiguration) call.note('Changed variables or settings are waiting: "teal redeploy" applies them.');
}

function statusRows(call: Call, app: AppView, nowMs: number): string[][] {
  const { paint } = call;
  const { live, previous, running, lastDeployment } = app;
  const rows: string[][] = [];
  if (app.maintenance)
    rows.push([paint.yellow('maintenance'), 'visitors get its page; "teal maintenance off" ends it']);
  if (app.secureUrl !== null) rows.push(['https', cleanWord(app.secureUrl)]);
  if (live !== null) {
    rows.push([
      'live',
      paint.yellow(shortCommit(live.commit.commit)),
      live.colour,
      subject(live.commit),
      ago(live.since, nowMs),
    ]);
  }
  if (previous !== null) {
    const { commit, standing, liveAt } = previous;
    rows.push([
      'previous',
      paint.yellow(shortCommit(commit.commit)),
      paintState(paint, standing),
      subject(commit),
      ago(liveAt, nowMs),
    ]);
  }
  const latest = running ?? (lastDeployment?.state === 'failed' ? lastDeployment : null);
  if (latest !== null) {
    const { commit, state, createdAt, failure } = latest;
    const text = failure === null ? subject(commit) : cleanWord(failure.reason);
    rows.push([
      running === null ? 'last' : 'running',
      paint.yellow(shortCommit(commit.commit)),
      paintState(paint, state),
      text,
      ago(createdAt, nowMs),
    ]);
  }
  for (const pool of [app.pools.blue, app.pools.green]) if (pool !== null) rows.push(...poolRows(call, pool, nowMs));
  return rows;
}

function poolRows(call: Call, pool: PoolView, nowMs: number): string[][] {
  return pool.instances.map((instance) => [
    pool.colour,
    call.paint.dim(shortId(instance.id)),
    paintState(call.paint, instance.state),
    pool.share === 0 ? '' : `${Math.round(pool.share * 100)} % of the requests`,
    instance.startedAt === null ? '' : `started ${ago(instance.startedAt, nowMs)}`,
    instance.usage === null ? '' : usageWords(instance.usage),
  ]);
}
