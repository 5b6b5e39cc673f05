/** A server of nothing but `/metrics`, in a process of its own: the real route and its figures, without database or access. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NO_TRAFFIC, type TrafficMinute } from '@teal/core';
import fastify from 'fastify';
import { createMetrics, type MetricsOptions } from '../../apps/server/src/metrics/metrics.ts';
import { metricsRoute } from '../../apps/server/src/routes/metrics.ts';

const appIds = Array.from({ length: Number(process.argv[2]) }, (_, nth) => `app_${nth}`);
const names = new Map(appIds.map((appId, nth) => [appId, `bench-app-${nth}`]));
const store = {
  bus: { subscribe: () => () => {} },
  census: {
    appNames: async () => names,
    take: async () => ({ apps: appIds.length, images: 0, instances: {}, deployments: {} }),
  },
  deployments: {},
};
const metrics = createMetrics({
  store: store as unknown as MetricsOptions['store'],
  queue: { counts: async () => [] },
  usage: { latest: () => new Map() },
  platform: { version: 'bench', engine: 'process', router: 'haproxy' },
  log: console as unknown as MetricsOptions['log'],
});

/** As after some traffic: every app, both colours, every bucket. */
function addTraffic(): void {
  const minutes = appIds.flatMap((appId, nth) =>
    (['blue', 'green'] as const).map((colour): TrafficMinute => {
      const latency = NO_TRAFFIC.latency.map((_, bucket) => (nth % 97) + bucket);
      const statuses = { ...NO_TRAFFIC.statuses, '2xx': 1_000 + nth, '5xx': 3 };
      return { appId, colour, minute: new Date(0), statuses, latency, bytesIn: 123_456 + nth, bytesOut: 9_876_543 };
    }),
  );
  metrics.addTraffic(minutes);
}

const server = fastify();
metricsRoute(server, metrics);
addTraffic();
await server.listen({ host: '127.0.0.1', port: 0 });
let used = process.cpuUsage();
const lag = monitorEventLoopDelay({ resolution: 1 });
/** "begin" adds traffic and starts the watch over the event loop, "end" tells its longest wait. */
process.on('message', (word) => {
  if (word === 'begin') {
    addTraffic();
    used = process.cpuUsage();
    lag.reset();
    lag.enable();
  } else lag.disable();
  const { user, system } = process.cpuUsage(used);
  process.send?.({ stallMs: lag.max / 1e6, cpuMs: (user + system) / 1_000 });
});
process.once('disconnect', () => process.exit(0));
process.send?.({ port: (server.server.address() as { port: number }).port });
