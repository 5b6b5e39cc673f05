/** What Prometheus reads at `/metrics`. A registry of its own: nothing in the process counts into another's. */
import { setImmediate as immediate } from 'node:timers/promises';
import type { Me } from '@teal/contracts';
import type { TrafficMinute } from '@teal/core';
import type { JobQueue, Logger, Store, UsageRecorder } from '@teal/deployer';
import { collectDefaultMetrics, Gauge, type GaugeConfiguration, Registry } from 'prom-client';
import { AppSeries } from './appSeries.ts';
import { createDeploymentMetrics } from './deploymentMetrics.ts';
import { renderUsage } from './usageSeries.ts';

export interface Metrics {
  contentType: string;
  addTraffic(minutes: readonly TrafficMinute[]): void;
  /** The whole text, piece by piece. */
  text(): AsyncIterable<string | Buffer>;
  close(): Promise<void>;
}

export interface MetricsOptions {
  store: Pick<Store, 'bus' | 'census' | 'deployments'>;
  queue: Pick<JobQueue, 'counts'>;
  usage: Pick<UsageRecorder, 'latest'>;
  platform: Pick<Me['platform'], 'version' | 'engine' | 'router'>;
  log: Logger;
}

export function createMetrics({ store, queue, usage, platform, log }: MetricsOptions): Metrics {
  const registry = new Registry();
  const series = new AppSeries();
  collectDefaultMetrics({ register: registry });
  const { version, engine, router } = platform;
  gauge(registry, { name: 'teal_info', help: 'What runs; always 1.', labelNames: ['version', 'engine', 'router'] }).set(
    { version, engine, router },
    1,
  );
  const refreshers = [storeGauges(registry, store), queueGauges(registry, queue)];
  const deployments = createDeploymentMetrics({ store, registry, series, log });
  let names: ReadonlyMap<string, string> = new Map();

  /** Learns the names of apps that are new, and lets go of those that are gone. */
  async function nameApps(): Promise<void> {
    const used = [...usage.latest().values()].map(({ appId }) => appId);
    const unknown = [...series.appIds(), ...used].some((appId) => !names.has(appId));
    if (!unknown) return;
    names = await store.census.appNames();
    for (const appId of [...series.appIds()]) if (!names.has(appId)) series.forget(appId);
  }

  return {
    contentType: registry.contentType,
    addTraffic: (minutes) => series.addTraffic(minutes),
    async *text() {
      const refreshed = [...refreshers, nameApps].map((refresh) =>
        refresh().catch((error) => log.warn({ err: error }, 'some metrics could not be read')),
      );
      await Promise.all(refreshed);
      yield `${await registry.metrics()}\n`;
      yield* renderUsage(names, usage.latest());
      for (const piece of series.render(names)) {
        yield piece;
        // Thousands of apps are a tenth of a second of work: others get their turn in between.
        await immediate();
      }
    },
    close: () => deployments.close(),
  };
}

/** Counts that the database knows. What can't be read is left out, not told as it was. */
function storeGauges(registry: Registry, store: Pick<Store, 'census'>): () => Promise<void> {
  const apps = gauge(registry, { name: 'teal_apps', help: 'Apps there are.' });
  const images = gauge(registry, { name: 'teal_images', help: 'Images that are kept.' });
  const running = gauge(registry, { name: 'teal_deployments_running', help: 'Deployments that are under way.' });
  const waiting = gauge(registry, { name: 'teal_deployments_waiting', help: 'Deployments that wait for their turn.' });
  const instances = gauge(registry, {
    name: 'teal_instances',
    help: 'Instances by state: starting, running, asleep.',
    labelNames: ['state'],
  });
  return async () => {
    for (const one of [apps, images, running, waiting]) one.remove();
    instances.reset();
    const counts = await store.census.take();
    const { queued = 0, ...active } = counts.deployments;
    apps.set(counts.apps);
    images.set(counts.images);
    waiting.set(queued);
    running.set(Object.values(active).reduce((sum, count) => sum + count, 0));
    for (const state of ['starting', 'running', 'asleep'] as const)
      instances.set({ state }, counts.instances[state] ?? 0);
  };
}

function queueGauges(registry: Registry, queue: Pick<JobQueue, 'counts'>): () => Promise<void> {
  const jobs = gauge(registry, {
    name: 'teal_queue_jobs',
    help: 'Wake-up calls in the job queue, by queue (apps, mail) and state (waiting, active).',
    labelNames: ['queue', 'state'],
  });
  return async () => {
    jobs.reset();
    for (const { name, waiting, active } of await queue.counts()) {
      jobs.set({ queue: name, state: 'waiting' }, waiting);
      jobs.set({ queue: name, state: 'active' }, active);
    }
  };
}

function gauge<T extends string>(registry: Registry, configuration: GaugeConfiguration<T>): Gauge<T> {
  return new Gauge({ ...configuration, registers: [registry] });
}
