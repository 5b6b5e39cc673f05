/** Port: what instances used, by the minute. Adapter: packages/store. */
import type { InstanceUsageMinute, UsageMinute } from '@teal/core';

/** Figures of a deleted app go with it. */
export interface UsageRecords {
  /** Adds times to what is there and keeps the greater memory. Instances without a row, as those of one command, are left out. */
  add(minutes: readonly UsageMinute[]): Promise<void>;
  /** An app's minutes from `from` on and before `to`, oldest first. */
  read(appId: string, span: { from: Date; to: Date }): Promise<InstanceUsageMinute[]>;
  /** Forgets minutes before `before`. */
  purge(before: Date): Promise<void>;
}
