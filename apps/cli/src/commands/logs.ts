/** `teal logs`: what an app's instances print, the requests it answered, or the log of one deployment. */
import type { AccessEntryView, InstanceLogLine, LogLineView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { type Api, connect } from '../api/client.ts';
import { findDeployment } from '../api/deployments.ts';
import { followEvents } from '../api/events.ts';
import { followDeployment } from '../api/follow.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanLine } from '../output/clean.ts';
import { usageError } from '../output/exit.ts';
import { accessLine } from '../output/traffic.ts';
import { logLine, shortId } from '../output/view.ts';

const DEFAULT_LINES = 100;

/** With --json one line of JSON per log line, so that a followed log can be read as it comes. */
export async function logs(call: Call): Promise<void> {
  const { access, deployment } = call.options;
  if (access === true && deployment !== undefined) throw usageError('choose one of --access and --deployment.');
  const api = await connect(call.io);
  const app = await resolveApp(call, api.server, call.words[0]);
  if (access === true) await accessLog(call, api, app);
  else if (deployment !== undefined) await deploymentLog(call, api, app);
  else await instanceLog(call, api, app);
}

async function deploymentLog(call: Call, api: Api, app: string): Promise<void> {
  const { id } = await findDeployment(api, app, call.options.deployment ?? '');
  const show = (line: LogLineView) => {
    call.data(line);
    call.say(logLine(call, line));
  };
  if (call.options.follow === true) {
    await followDeployment(api, { app, deploymentId: id }, show);
    return;
  }
  const { lines } = await api.get<{ lines: LogLineView[] }>(paths.log(app, id));
  for (const line of call.options.lines === undefined ? lines : lines.slice(-call.options.lines)) show(line);
}

async function accessLog(call: Call, api: Api, app: string): Promise<void> {
  const tail = call.options.lines ?? DEFAULT_LINES;
  const show = (entry: AccessEntryView) => {
    call.data(entry);
    call.say(accessLine(call.paint, entry));
  };
  if (call.options.follow !== true) {
    const { entries } = await api.get<{ entries: AccessEntryView[] }>(`${paths.accessLog(app)}?tail=${tail}`);
    for (const entry of entries) show(entry);
    return;
  }
  const path = (resumed: boolean) => `${paths.accessLogEvents(app)}?tail=${resumed ? 0 : tail}`;
  for await (const event of followEvents(api.server, { signal: api.signal, path })) {
    if (event.name === 'line') show(JSON.parse(event.data) as AccessEntryView);
  }
}

async function instanceLog(call: Call, api: Api, app: string): Promise<void> {
  const tail = call.options.lines ?? DEFAULT_LINES;
  const speakers = new Set<string>();
  const show = (line: InstanceLogLine) => {
    call.data(line);
    speakers.add(line.instanceId);
    const who = speakers.size > 1 ? `${call.paint.dim(`${line.number} ${shortId(line.instanceId)}`)} ` : '';
    call.say(`${who}${cleanLine(line.text, call.paint.on)}`);
  };
  if (call.options.follow !== true) {
    const { lines } = await api.get<{ lines: InstanceLogLine[] }>(`${paths.instanceLogs(app)}?tail=${tail}`);
    for (const { instanceId } of lines) speakers.add(instanceId);
    for (const line of lines) show(line);
    return;
  }
  const path = (resumed: boolean) => `${paths.instanceLogEvents(app)}?tail=${resumed ? 0 : tail}`;
  for await (const event of followEvents(api.server, { signal: api.signal, path })) {
    if (event.name === 'line') show(JSON.parse(event.data) as InstanceLogLine);
  }
}
