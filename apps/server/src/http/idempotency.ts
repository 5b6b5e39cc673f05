/** `Idempotency-Key` on every POST: the same key gives the first answer again instead of doing the work twice. */
import { createHash } from 'node:crypto';
import { TealError } from '@teal/core';
import type { Idempotency } from '@teal/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    idempotencyKey: string | null;
  }
}

function digestOf(request: FastifyRequest): string {
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest('hex');
}

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method !== 'POST') return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new TealError('request_invalid', { detail: 'Idempotency-Key is 1 to 200 visible ASCII characters' });
  }
  return key;
}

export function useIdempotency(api: FastifyInstance, store: Idempotency): void {
  api.decorateRequest('idempotencyKey', null);
  api.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    // A public route knows nobody whose key it could be.
    if (key === null || request.principal === null) return;
    const claim = await store.claim(request.principal.id, key, digestOf(request));
    if (claim.kind === 'mismatch') throw new TealError('idempotency_mismatch');
    if (claim.kind === 'running') throw new TealError('idempotency_running');
    if (claim.kind === 'answered') {
      // Sent as it was kept: the route's own serializer has seen it the first time.
      return reply
        .serializer((text: unknown) => String(text))
        .status(claim.status)
        .type('application/json; charset=utf-8')
        .header('idempotent-replay', 'true')
        .send(JSON.stringify(claim.answer));
    }
    request.idempotencyKey = key;
  });
  api.addHook('onSend', async (request, reply, payload) => {
    const key = request.idempotencyKey;
    if (key === null) return;
    request.idempotencyKey = null;
    const { id } = request.principal;
    if (reply.statusCode >= 500) await store.forget(id, key);
    else
      await store.answer(
        id,
        key,
        reply.statusCode,
        typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : null,
      );
  });
}
