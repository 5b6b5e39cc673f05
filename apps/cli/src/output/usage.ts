/** What an instance uses, in words for people. */
import type { InstanceUsageView } from '@teal/contracts';

const MIB = 2 ** 20;

/** `3.2 % of a core, 48 of 512 MiB`. */
export function usageWords({ cpuShare, memoryBytes, memoryLimitBytes }: InstanceUsageView): string {
  const limit = memoryLimitBytes === null ? '' : `of ${Math.round(memoryLimitBytes / MIB)} `;
  const memory = `${Math.round(memoryBytes / MIB)} ${limit}MiB`;
  if (cpuShare === null) return memory;
  const percent = cpuShare * 100;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} % of a core, ${memory}`;
}
