/** What happens now: changes of apps and deployments, and the output of the running instances. */
import { type ChangeEvent, EVENT_NAMES, type InstanceLogLine, instanceLogSchema } from '@teal/contracts';
import { cleanLine, type Instance } from '@teal/core';
import type { StoreEvent } from '@teal/deployer';
import type { OwnedApp, Within } from '@teal/store';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import type { ServerSentEvent } from '../http/eventStream.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';
import { createMailslot } from './mailslot.ts';

const tailQuery = z.strictObject({ tail: z.coerce.number().int().min(0).max(5_000).default(100) });

export function liveRoutes(api: Api, deps: RouteDeps): void {
  const { streams } = deps;

  api.get('/events', { config: needs('self.read') }, async (request, reply) => {
    await streams.send(request, reply, (signal) => changes(deps, request.within, signal));
  });

  const schema = { params: appParams, querystring: tailQuery };
  const readRoute = { config: needs('app.read'), schema: { ...schema, response: { 200: instanceLogSchema } } };
  api.get('/apps/:app/logs', readRoute, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const signal = AbortSignal.timeout(10_000);
    const lines: InstanceLogLine[] = [];
    for (const instance of await liveInstances(request.within, app)) {
      for await (const line of linesOf(deps, instance, { tail: request.query.tail, follow: false, signal }))
        lines.push(line);
    }
    return { lines };
  });

  api.get('/apps/:app/logs/events', { config: needs('app.read'), schema }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    await streams.send(request, reply, (signal) =>
      outputEvents(deps, request.within, app, { tail: request.query.tail, signal }),
    );
  });
}

async function liveInstances(within: Within, app: OwnedApp): Promise<Instance[]> {
  const current = await within.apps.find(app.id);
  return (await within.instances.list(app)).filter((instance) => instance.releaseId === current?.liveReleaseId);
}

interface LinesOptions {
  tail: number;
  follow: boolean;
  signal: AbortSignal;
}

async function* linesOf(
  { engine }: RouteDeps,
  instance: Instance,
  { tail, follow, signal }: LinesOptions,
): AsyncIterable<InstanceLogLine> {
  if (instance.ref === null) return;
  for await (const line of engine.logs(instance.ref, { tailLines: tail, follow, signal })) {
    yield { instanceId: instance.id, number: instance.number, text: cleanLine(line) };
  }
}

/** Follows the instances of the live version; when another goes live, its instances join. */
async function* outputEvents(
  deps: RouteDeps,
  within: Within,
  app: OwnedApp,
  { tail, signal }: { tail: number; signal: AbortSignal },
): AsyncIterable<ServerSentEvent> {
  const slot = createMailslot<ServerSentEvent>(signal);
  const followed = new Set<string>();
  const join = async (lines: number) => {
    for (const instance of await liveInstances(within, app)) {
      if (followed.has(instance.id)) continue;
      followed.add(instance.id);
      void follow(instance, lines);
    }
  };
  const follow = async (instance: Instance, lines: number) => {
    try {
      for await (const line of linesOf(deps, instance, { tail: lines, follow: true, signal }))
        slot.put({ event: EVENT_NAMES.line, data: line });
    } catch {
      // The instance went away while it was read; its lines end here.
    }
  };
  const unsubscribe = await within.subscribe((event) => {
    if (event.kind === 'app' && event.appId === app.id) void join(1_000).catch(() => {});
    if (event.kind === 'app-deleted' && event.appId === app.id) slot.end();
  });
  try {
    await join(tail);
    yield* slot.take();
  } finally {
    unsubscribe();
  }
}

type News = StoreEvent | { kind: 'traffic'; appIds: string[] } | { kind: 'usage' };

async function* changes(
  { trafficNews, usage }: Pick<RouteDeps, 'trafficNews' | 'usage'>,
  within: Within,
  signal: AbortSignal,
): AsyncIterable<ServerSentEvent> {
  const slot = createMailslot<News>(signal);
  const unsubscribe = await within.subscribe((event) => {
    if (event.kind === 'app' || event.kind === 'deployment' || event.kind === 'app-deleted') slot.put(event);
    // Something may have been missed: the client comes again and looks at everything.
    if (event.kind === 'resync') slot.end();
  });
  const unwatch = trafficNews.subscribe((appIds) => slot.put({ kind: 'traffic', appIds }));
  const unwatchUsage = usage.watch(() => slot.put({ kind: 'usage' }));
  try {
    for await (const event of slot.take()) {
      if (event.kind === 'usage') yield { event: EVENT_NAMES.usage, data: {} };
      else if (event.kind === 'traffic') {
        const reached = new Set((await within.apps.list()).map((app) => app.id));
        const appIds = event.appIds.filter((id) => reached.has(id));
        if (appIds.length > 0) yield { event: EVENT_NAMES.traffic, data: { appIds } };
      } else if ('appId' in event) {
        yield { event: EVENT_NAMES.change, data: changeOf(event) };
      }
    }
  } finally {
    unsubscribe();
    unwatch();
    unwatchUsage();
  }
}

function changeOf(event: StoreEvent & { appId: string }): ChangeEvent {
  return {
    type: event.kind === 'deployment' || event.kind === 'app-deleted' ? event.kind : 'app',
    appId: event.appId,
    deploymentId: 'deploymentId' in event ? event.deploymentId : null,
  };
}
