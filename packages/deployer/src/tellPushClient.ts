/** What `git push` shows while its deployment runs: every phase and log line, and at the end the URL or what failed. */
import { type App, type Deployment, type LogLine, shortCommit, shortId } from '@teal/core';
import type { Context } from './context.ts';
import { stillServing } from './endDeployment.ts';
import { followDeployment } from './followDeployment.ts';

const HEARTBEAT_MS = 10_000;

export async function* tellPushClient(
  context: Pick<Context, 'store' | 'clock' | 'settings'>,
  deploymentId: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const first = await context.store.deployments.get(deploymentId);
  const app = first === null ? null : await context.store.apps.get(first.appId);
  if (first === null || app === null) return;
  yield `Teal: deployment ${shortId(first.id)} of ${app.name}, ${shortCommit(first.commit.commit)} "${first.commit.message}"`;
  for await (const news of followDeployment(context, { deploymentId, after: 0, silenceMs: HEARTBEAT_MS, signal })) {
    // The log's own last word is told again, with more, by the summary.
    if (news.kind === 'line' && news.line.phase === 'done') continue;
    if (news.kind === 'line') yield show(news.line);
    else if (news.kind === 'silence') yield heartbeat(news.deployment, context.clock.now());
    else yield* summary(context, app, news.deployment);
  }
}

function show(line: LogLine): string {
  return line.source === 'teal' ? line.text : `    ${line.text}`;
}

function heartbeat(deployment: Deployment, now: Date): string {
  const since = deployment.times[deployment.state] ?? deployment.createdAt;
  return `… ${deployment.state} for ${Math.round((now.getTime() - since.getTime()) / 1000)} s`;
}

async function* summary(
  { store, settings }: Pick<Context, 'store' | 'settings'>,
  app: App,
  deployment: Deployment,
): AsyncGenerator<string> {
  if (deployment.state === 'live' || deployment.state === 'replaced') {
    yield `${shortCommit(deployment.commit.commit)} is live at ${settings.urlOf(app)} (${duration(deployment)})`;
    return;
  }
  if (deployment.state === 'failed') {
    yield `DEPLOYMENT FAILED while ${deployment.failure?.phase}: ${deployment.failure?.reason}`;
    yield 'Your commit is stored. To try it again: teal redeploy';
  } else {
    yield `Deployment cancelled: ${deployment.cancelReason}`;
  }
  yield stillServing(await store.deployments.live(app.id));
}

function duration(deployment: Deployment): string {
  const seconds = (from?: Date, to?: Date) => (from && to ? ((to.getTime() - from.getTime()) / 1000).toFixed(1) : null);
  const { queued, building, starting, live } = deployment.times;
  const parts = [`${seconds(queued, live)} s`];
  const built = seconds(building, starting);
  if (built !== null) parts.push(`build ${built} s`);
  const started = seconds(starting, live);
  if (started !== null) parts.push(`start to live ${started} s`);
  return parts.join(', ');
}
