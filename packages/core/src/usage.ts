/** What instances use, as it is measured and kept. */
import type { Colour } from './colour.ts';

/** What one instance used in a minute. */
export interface UsageMinute {
  appId: string;
  instanceId: string;
  minute: Date;
  /** CPU time, and the time in which it was measured: less than a minute where it started, ended or was not looked at. */
  cpuMs: number;
  measuredMs: number;
  /** The most that was seen. */
  memoryBytes: number;
  memoryLimitBytes: number | null;
}

/** The same as it is read, with what the instance is. */
export interface InstanceUsageMinute extends UsageMinute {
  number: number;
  colour: Colour;
  deploymentId: string;
}

/** Cores' worth of time: 1 is one core all the time. Null where nothing was measured. */
export function cpuShare({ cpuMs, measuredMs }: Pick<UsageMinute, 'cpuMs' | 'measuredMs'>): number | null {
  return measuredMs === 0 ? null : cpuMs / measuredMs;
}
