/** Counts deployments as they end, from the events of this process's life. Reads each one once more; stores nothing. */
import { DEPLOYMENT_STATES, type Deployment, type DeploymentState, PHASES, type Phase } from '@teal/core';
import type { Logger, Store } from '@teal/deployer';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { AppSeries } from './appSeries.ts';

/** Deployments remembered as counted. */
const REMEMBERED = 10_000;
/** One that is replaced already when it is looked at went live moments ago, or was counted long before. */
const RECENT_MS = 600_000;
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

export type Outcome = 'live' | 'failed' | 'cancelled';

export interface DeploymentMetrics {
  /** Waits for what is being looked at. */
  close(): Promise<void>;
}

export interface DeploymentMetricsOptions {
  store: Pick<Store, 'bus' | 'deployments'>;
  registry: Registry;
  series: AppSeries;
  log: Logger;
}

export function createDeploymentMetrics({ store, registry, series, log }: DeploymentMetricsOptions): DeploymentMetrics {
  const registers = [registry];
  const durations = new Histogram({
    name: 'teal_deployment_duration_seconds',
    help: 'How long deployments took, phase by phase and in all (phase "total").',
    labelNames: ['phase'],
    buckets: SECONDS,
    registers,
  });
  const builds = new Counter({
    name: 'teal_builds_total',
    help: 'Builds that ended: done, failed or cancelled. A deployment whose image was there builds nothing.',
    labelNames: ['outcome'],
    registers,
  });
  const buildDurations = new Histogram({
    name: 'teal_build_duration_seconds',
    help: 'How long builds took that were done.',
    buckets: SECONDS,
    registers,
  });
  const startedAtMs = Date.now();
  const counted = new Set<string>();
  let looking: Promise<void> = Promise.resolve();

  function count(deployment: Deployment, outcome: Outcome): void {
    series.addDeployment(deployment.appId, { trigger: deployment.trigger, outcome });
    for (const { phase, ms } of phasesOf(deployment)) durations.observe({ phase }, ms / 1_000);
    const build = buildOf(deployment, outcome);
    if (build === null) return;
    builds.inc({ outcome: build.outcome });
    if (build.outcome === 'done') buildDurations.observe(build.ms / 1_000);
  }

  async function look(id: string): Promise<void> {
    if (counted.has(id)) return;
    const deployment = await store.deployments.get(id);
    const outcome = deployment === null ? null : outcomeOf(deployment, startedAtMs);
    if (deployment === null || outcome === null) return;
    counted.add(id);
    for (const oldest of counted) {
      if (counted.size <= REMEMBERED) break;
      counted.delete(oldest);
    }
    count(deployment, outcome);
  }

  const unsubscribe = store.bus.subscribe((event) => {
    if (event.kind === 'app-deleted') series.forget(event.appId);
    if (event.kind !== 'deployment') return;
    const { deploymentId } = event;
    looking = looking.then(() =>
      look(deploymentId).catch((error) => log.warn({ deploymentId, err: error }, 'a deployment is not in the metrics')),
    );
  });

  return {
    close() {
      unsubscribe();
      return looking;
    },
  };
}

/** Null while it runs, and for one that ended before this process began to count. */
function outcomeOf({ state, times }: Deployment, startedAtMs: number): Outcome | null {
  if (state === 'live' || state === 'failed' || state === 'cancelled') return state;
  const liveAtMs = times.live?.getTime() ?? 0;
  return state === 'replaced' && liveAtMs >= Math.max(startedAtMs, Date.now() - RECENT_MS) ? 'live' : null;
}

/** The states it entered until its end, in order. */
function steps({ times }: Deployment): { state: DeploymentState; atMs: number }[] {
  return DEPLOYMENT_STATES.filter((state) => state !== 'replaced')
    .flatMap((state) => (times[state] === undefined ? [] : [{ state, atMs: times[state].getTime() }]))
    .sort((a, b) => a.atMs - b.atMs);
}

function phasesOf(deployment: Deployment): { phase: Phase | 'total'; ms: number }[] {
  const entered = steps(deployment);
  const first = entered[0];
  const last = entered.at(-1);
  if (first === undefined || last === undefined) return [];
  const phases = PHASES.flatMap((phase) => {
    const index = entered.findIndex(({ state }) => state === phase);
    const next = entered[index + 1];
    return index < 0 || next === undefined ? [] : [{ phase, ms: next.atMs - (entered[index]?.atMs ?? 0) }];
  });
  return [...phases, { phase: 'total', ms: last.atMs - first.atMs }];
}

function buildOf(deployment: Deployment, outcome: Outcome): { outcome: string; ms: number } | null {
  const building = phasesOf(deployment).find(({ phase }) => phase === 'building');
  if (building === undefined) return null;
  const isBuilt = deployment.times.starting !== undefined;
  return { outcome: isBuilt ? 'done' : outcome, ms: building.ms };
}
