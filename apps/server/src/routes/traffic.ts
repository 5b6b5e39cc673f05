/** An app's traffic: figures by the minute, those of its instances beside them, and its access log, also as it grows. */
import {
  type AccessEntryView,
  accessLogQuerySchema,
  accessLogSchema,
  EVENT_NAMES,
  trafficQuerySchema,
  trafficSchema,
  usageSchema,
} from '@teal/contracts';
import type { AccessEntry, App } from '@teal/core';
import type { FastifyRequest } from 'fastify';
import { needs } from '../http/access.ts';
import type { ServerSentEvent } from '../http/eventStream.ts';
import { spanOf, trafficView } from '../traffic.ts';
import { usageView } from '../usage.ts';
import { type Api, appParams, type RouteDeps, requestedApp } from './deps.ts';

const ANSWER_TIMEOUT_MS = 10_000;

export function trafficRoutes(api: Api, deps: RouteDeps): void {
  const { router, streams } = deps;

  const figures = { params: appParams, querystring: trafficQuerySchema, response: { 200: trafficSchema } };
  api.get('/apps/:app/traffic', { config: needs('app.read'), schema: figures }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const span = spanOf(Date.now(), request.query);
    const minutes = await request.within.traffic.read(app, { from: new Date(span.fromMs), to: new Date(span.toMs) });
    return trafficView(span, minutes);
  });

  const used = { ...figures, response: { 200: usageSchema } };
  api.get('/apps/:app/usage', { config: needs('app.read'), schema: used }, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const span = spanOf(Date.now(), request.query);
    const minutes = await request.within.usage.read(app, { from: new Date(span.fromMs), to: new Date(span.toMs) });
    return usageView(span, minutes);
  });

  const log = { params: appParams, querystring: accessLogQuerySchema };
  const read = { config: needs('app.read'), schema: { ...log, response: { 200: accessLogSchema } } };
  api.get('/apps/:app/access-log', read, async (request) => {
    const app = await requestedApp(deps, request, request.params.app);
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const options = { tailLines: request.query.tail, follow: false, signal };
    const entries: AccessEntryView[] = [];
    for await (const entry of router.accessLog(app.id, options)) entries.push(entryView(entry));
    return { entries };
  });

  api.get('/apps/:app/access-log/events', { config: needs('app.read'), schema: log }, async (request, reply) => {
    const app = await requestedApp(deps, request, request.params.app);
    await streams.send(request, reply, (signal) =>
      entryEvents(deps, request, app, { tail: request.query.tail, signal }),
    );
  });
}

/** Until the reader leaves or the app is deleted. */
async function* entryEvents(
  { router }: RouteDeps,
  { within }: FastifyRequest,
  app: App,
  { tail, signal }: { tail: number; signal: AbortSignal },
): AsyncIterable<ServerSentEvent> {
  const deleted = new AbortController();
  const unsubscribe = await within.subscribe((event) => {
    if (event.kind === 'app-deleted' && event.appId === app.id) deleted.abort();
  });
  const options = { tailLines: tail, follow: true, signal: AbortSignal.any([signal, deleted.signal]) };
  try {
    for await (const entry of router.accessLog(app.id, options))
      yield { event: EVENT_NAMES.line, data: entryView(entry) };
  } finally {
    unsubscribe();
  }
}

function entryView({ appId: _, at, ...entry }: AccessEntry): AccessEntryView {
  return { at: at.toISOString(), ...entry };
}
