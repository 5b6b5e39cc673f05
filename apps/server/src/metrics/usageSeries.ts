/** What instances use, as Prometheus' text. The label is `instance_id`: `instance` is what Prometheus calls its target. */
import type { UsageNow } from '@teal/deployer';
import type { Family } from './appSeries.ts';

interface UsageFamily {
  name: string;
  type: Family['type'] | 'gauge';
  help: string;
  read(usage: UsageNow): number | null;
}

const FAMILIES: readonly UsageFamily[] = [
  {
    name: 'teal_instance_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of an instance since its last start.',
    read: ({ cpuSeconds }) => cpuSeconds,
  },
  {
    name: 'teal_instance_memory_bytes',
    type: 'gauge',
    help: 'Memory that only the end of the instance would free.',
    read: ({ memoryBytes }) => memoryBytes,
  },
  {
    name: 'teal_instance_memory_limit_bytes',
    type: 'gauge',
    help: 'Memory that the instance may use; left out where nothing limits it.',
    read: ({ memoryLimitBytes }) => memoryLimitBytes,
  },
];

/** The text in pieces, one per family; apps without a name are left out. */
export function* renderUsage(
  names: ReadonlyMap<string, string>,
  usages: ReadonlyMap<string, UsageNow>,
): Generator<string> {
  for (const { name, type, help, read } of FAMILIES) {
    let piece = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const usage of usages.values()) {
      const [app, value] = [names.get(usage.appId), read(usage)];
      if (app !== undefined && value !== null)
        piece += `${name}{app="${app}",instance_id="${usage.instanceId}"} ${value}\n`;
    }
    yield `${piece}\n`;
  }
}
