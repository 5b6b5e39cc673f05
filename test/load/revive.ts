/** Gives the traffic to the version before and hears of it as a user's tools do. Sends no traffic. */
import { setTimeout as pause } from 'node:timers/promises';
import { type AppView, type DeploymentView, EVENT_NAMES, paths } from '@teal/contracts';
import { until } from '../conformance/until.ts';
import type { PlatformClient } from '../e2e/client.ts';

const DEADLINE_MS = 60_000;

export interface ReviveOptions {
  /** Wait first until the version before is asleep. */
  asleep: boolean;
  signal: AbortSignal;
  /** Called right before the revive is asked for, with the commit message of what it will start. */
  before?: (message: string) => void;
}

export interface Revived {
  /** The version that got the traffic was asleep. */
  fromAsleep: boolean;
  /** The commit message of what is live now. */
  message: string;
}

/** Resolves as soon as the platform says that the revive is live; throws when it ended otherwise. */
export async function reviveOnce(platform: PlatformClient, name: string, options: ReviveOptions): Promise<Revived> {
  const app = options.asleep ? await whenAsleep(platform, name, options.signal) : await platform.app(name);
  const message = app.previous?.commit.message ?? '';
  options.before?.(message);
  const { status, body } = await platform.call<{ deployment: { id: string } }>(
    'POST',
    `/apps/${name}/start-last-pushed-commit`,
    { expectedLive: app.live?.deploymentId },
  );
  if (status >= 300) throw new Error(`a revive was answered ${status}: ${JSON.stringify(body)}`);
  const ended = await deploymentEnd(platform, paths.logEvents(name, body.deployment.id), options.signal);
  if (ended.state !== 'live') throw new Error(`a revive ended ${ended.state}: ${ended.failure?.reason}`);
  return { fromAsleep: app.previous?.standing === 'asleep', message };
}

function whenAsleep(platform: PlatformClient, name: string, signal: AbortSignal): Promise<AppView> {
  const look = async () => {
    signal.throwIfAborted();
    const app = await platform.app(name);
    if (app.previous?.standing === 'asleep') return app;
    // The platform under load has better things to do than to tell this every few milliseconds.
    await pause(50);
    return null;
  };
  return until(`the version of ${name} before is asleep`, look, DEADLINE_MS);
}

/** Follows the deployment's log until the event that closes it. */
async function deploymentEnd(platform: PlatformClient, path: string, signal: AbortSignal): Promise<DeploymentView> {
  const response = await fetch(`${platform.consoleUrl}${path}`, {
    headers: { authorization: `Bearer ${platform.token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
  });
  if (!response.ok || response.body === null) throw new Error(`the log's events were answered ${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const end = new RegExp(`^event: ${EVENT_NAMES.ended}\\n(?:id: .*\\n)?data: (.*)\\n\\n`, 'm').exec(text);
    if (end !== null) return JSON.parse(end[1] ?? '') as DeploymentView;
  }
  throw new Error("the log's events ended before the deployment did");
}
