/** What instances used, as the API shows it: now, and as series of steps. */
import {
  type InstanceUsageSeriesView,
  type InstanceUsageView,
  USAGE_INSTANCES_MAX,
  type UsageView,
} from '@teal/contracts';
import { cpuShare, type InstanceUsageMinute } from '@teal/core';
import type { UsageNow } from '@teal/deployer';
import type { Span } from './traffic.ts';

export function usageNowView({ cpuShare, memoryBytes, memoryLimitBytes }: UsageNow): InstanceUsageView {
  return { cpuShare, memoryBytes, memoryLimitBytes };
}

/** `minutes` are those within the span, oldest first. */
export function usageView({ fromMs, toMs, stepMs }: Span, minutes: readonly InstanceUsageMinute[]): UsageView {
  const byInstance = Map.groupBy(minutes, ({ instanceId }) => instanceId);
  const lastMs = (all: readonly InstanceUsageMinute[]) => all.at(-1)?.minute.getTime() ?? 0;
  const newest = [...byInstance.values()].sort((a, b) => lastMs(b) - lastMs(a)).slice(0, USAGE_INSTANCES_MAX);
  return {
    from: iso(fromMs),
    to: iso(toMs),
    stepMinutes: stepMs / 60_000,
    instances: newest.flatMap((all) =>
      seriesOf(all, ({ minute }) => minute.getTime() - ((minute.getTime() - fromMs) % stepMs)),
    ),
  };
}

function seriesOf(
  minutes: readonly InstanceUsageMinute[],
  stepOf: (minute: InstanceUsageMinute) => number,
): InstanceUsageSeriesView[] {
  const last = minutes.at(-1);
  if (last === undefined) return [];
  const { instanceId, number, colour, deploymentId, memoryLimitBytes } = last;
  const points = [...Map.groupBy(minutes, stepOf)].map(([atMs, ofStep]) => ({
    minute: iso(atMs),
    cpuShare: cpuShare({
      cpuMs: ofStep.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      measuredMs: ofStep.reduce((sum, { measuredMs }) => sum + measuredMs, 0),
    }),
    memoryBytes: Math.max(...ofStep.map(({ memoryBytes }) => memoryBytes)),
  }));
  return [{ instanceId, number, colour, deploymentId, memoryLimitBytes, points }];
}

const iso = (ms: number) => new Date(ms).toISOString();
