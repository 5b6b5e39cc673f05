/** What happens now: changes of apps and deployments, and the output of the running instances. */
import { type ChangeEvent, EVENT_NAMES, type InstanceLogLine, instanceLogSchema } from '@teal/contracts';
import { type App, cleanLine, type Instance } from '@teal/core';
import type { StoreEvent } from '@teal/deployer';
import { z } from 'zod';
import type { ServerSentEvent } from '../http/eventStream.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';
import { createMailslot } from './mailslot.ts';

const tailQuery = z.strictObject({ tail: z.coerce.number().int().min(0).max(5_000).default(100) });

export function liveRoutes(api: Api, deps: RouteDeps): void {
  const { streams } = deps;

  api.get('/events', async (request, reply) => {
    const { organisationId } = request.principal;
    await streams.send(request, reply, (signal) => changes(deps, organisationId, signal));
  });

  const schema = { params: appParams, querystring: tailQuery };
  api.get('/apps/:app/logs', { schema: { ...schema, response: { 200: instanceLogSchema } } }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const signal = AbortSignal.timeout(10_000);
    const lines: InstanceLogLine[] = [];
    for (const instance of await liveInstances(deps, app)) {
      for await (const line of linesOf(deps, instance, { tail: request.query.tail, follow: false, signal }))
        lines.push(line);
    }
    return { lines };
  });

  api.get('/apps/:app/logs/events', { schema }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    await streams.send(request, reply, (signal) => outputEvents(deps, app, { tail: request.query.tail, signal }));
  });
}

async function liveInstances({ store }: RouteDeps, app: App): Promise<Instance[]> {
  const current = await store.apps.get(app.id);
  return (await store.instances.list(app.id)).filter((instance) => instance.releaseId === current?.liveReleaseId);
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
  app: App,
  { tail, signal }: { tail: number; signal: AbortSignal },
): AsyncIterable<ServerSentEvent> {
  const slot = createMailslot<ServerSentEvent>(signal);
  const followed = new Set<string>();
  const join = async (lines: number) => {
    for (const instance of await liveInstances(deps, app)) {
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
  const unsubscribe = deps.store.bus.subscribe((event) => {
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

async function* changes(
  { store }: RouteDeps,
  organisationId: string,
  signal: AbortSignal,
): AsyncIterable<ServerSentEvent> {
  const slot = createMailslot<StoreEvent>(signal);
  const visible = new Set((await store.apps.list(organisationId)).map((app) => app.id));
  const unsubscribe = store.bus.subscribe((event) => {
    if (event.kind === 'app' || event.kind === 'deployment' || event.kind === 'app-deleted') slot.put(event);
    // Something may have been missed: the client comes again and looks at everything.
    if (event.kind === 'resync') slot.end();
  });
  try {
    for await (const event of slot.take()) {
      if (
        event.kind === 'app' &&
        !visible.has(event.appId) &&
        (await store.apps.find(organisationId, event.appId)) !== null
      )
        visible.add(event.appId);
      if (!('appId' in event) || !visible.has(event.appId)) continue;
      yield { event: EVENT_NAMES.change, data: changeOf(event) };
    }
  } finally {
    unsubscribe();
  }
}

function changeOf(event: StoreEvent & { appId: string }): ChangeEvent {
  return {
    type: event.kind === 'deployment' || event.kind === 'app-deleted' ? event.kind : 'app',
    appId: event.appId,
    deploymentId: 'deploymentId' in event ? event.deploymentId : null,
  };
}
