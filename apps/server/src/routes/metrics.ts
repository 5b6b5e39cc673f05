/** `GET /metrics`: what Prometheus reads, for the platform's admin. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { needs } from '../http/access.ts';
import type { Metrics } from '../metrics/metrics.ts';

export function metricsRoute(scope: FastifyInstance, metrics: Metrics): void {
  scope.get('/metrics', { config: needs('platform.read'), schema: { hide: true } }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').type(metrics.contentType).send(Readable.from(metrics.text())),
  );
}
