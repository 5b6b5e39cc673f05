/** Figures in words. */
import type { InstanceUsageView } from '@teal/contracts';

/** Requests per minute: `0`, `0.4`, `12`, `1,204`. */
export function formatRate(perMinute: number): string {
  if (perMinute === 0) return '0';
  return perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute).toLocaleString('en');
}

/** A share from 0 to 1; a dash where there was nothing to share. */
export function formatPercent(share: number | null): string {
  if (share === null) return '–';
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Milliseconds; a dash where nothing was answered. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** `512 B`, `3.4 KiB`, `21 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** CPU time as a share of one core: `0 %`, `3.2 %`, `140 %`. */
export function formatCores(share: number | null): string {
  return share === null ? '–' : formatPercent(share < 0.0005 ? 0 : share);
}

/** `3.2 % of a core, 48 MiB of 512 MiB`. */
export function formatUsage({ cpuShare, memoryBytes, memoryLimitBytes }: InstanceUsageView): string {
  const limit = memoryLimitBytes === null ? '' : ` of ${formatBytes(memoryLimitBytes)}`;
  const memory = `${formatBytes(memoryBytes)}${limit}`;
  return cpuShare === null ? memory : `${formatCores(cpuShare)} of a core, ${memory}`;
}
