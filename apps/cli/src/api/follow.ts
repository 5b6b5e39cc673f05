/** Follows one deployment live until it has ended. Prints nothing itself. */
import type { DeploymentView, LogLineView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { CommandError } from '../output/exit.ts';
import type { Api } from './client.ts';
import { followEvents } from './events.ts';

/** States after which nothing follows; `replaced` was live once. */
const ENDED: readonly string[] = ['live', 'replaced', 'cancelled', 'failed'];

export function hasEnded(deployment: DeploymentView): boolean {
  return ENDED.includes(deployment.state);
}

/** Resolves with the deployment as it ended. Each log line is given once, in order, over lost connections too. */
export async function followDeployment(
  api: Api,
  target: { app: string; deploymentId: string },
  onLine: (line: LogLineView) => void = () => {},
): Promise<DeploymentView> {
  let seen = 0;
  const events = followEvents(api.server, {
    signal: api.signal,
    path: () => paths.logEvents(target.app, target.deploymentId),
  });
  for await (const event of events) {
    if (event.name === 'ended') return JSON.parse(event.data) as DeploymentView;
    if (event.name !== 'line') continue;
    const line = JSON.parse(event.data) as LogLineView;
    if (line.sequence <= seen) continue;
    seen = line.sequence;
    onLine(line);
  }
  throw new CommandError('failed', 'answer_unreadable', 'The log ended without saying how.');
}
