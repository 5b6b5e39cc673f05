/** Writes the record of activity: one entry for each change that succeeded, before its answer goes out. */
import type { Activities } from '@teal/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What a handler adds to its entry. */
interface Note {
  /** What it was done to, before and after. Never a secret. */
  facts?: Record<string, unknown>;
  /** Where the address does not name it. */
  app?: { id: string; name: string; organisationId: string };
  organisationId?: string | null;
  /** Where nobody was signed in before. */
  actor?: { id: string; name: string };
}

declare module 'fastify' {
  interface FastifyRequest {
    activityNote: Note | null;
  }
}

export function note(request: FastifyRequest, more: Note): void {
  request.activityNote = { ...request.activityNote, ...more };
}

export function useActivity(api: FastifyInstance, activities: Activities): void {
  api.decorateRequest('activityNote', null);
  api.addHook('onSend', async (request, reply) => {
    const { activity } = request.routeOptions.config;
    const isReplay = reply.hasHeader('idempotent-replay');
    if (activity == null || reply.statusCode >= 400 || isReplay) return;
    const { principal, targetApp, targetOrganisation, ip } = request;
    const { facts = {}, app = targetApp, organisationId, actor } = request.activityNote ?? {};
    const entry = {
      organisationId: organisationId ?? app?.organisationId ?? targetOrganisation?.id ?? null,
      app: app === null ? null : { id: app.id, name: app.name },
      actorId: actor?.id ?? principal?.id ?? null,
      actorName: actor?.name ?? principal?.userName ?? 'somebody',
      tokenName: principal?.token?.name ?? null,
      address: ip,
      action: activity,
      facts,
    };
    // What happened has happened: the answer must not deny it.
    await activities
      .add(entry)
      .catch((error) => request.log.error({ err: error, entry }, 'activity could not be kept'));
  });
}
