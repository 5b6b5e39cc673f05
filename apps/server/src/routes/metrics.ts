/** `GET /metrics`: what Prometheus reads, for whoever has an API token. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/metrics.ts';

export function metricsRoute(scope: FastifyInstance, metrics: Metrics): void {
  scope.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').type(metrics.contentType).send(Readable.from(metrics.text())),
  );
}
