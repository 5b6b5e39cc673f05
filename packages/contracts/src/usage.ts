/** What the API says of the CPU time and memory of an app's instances. */
import { COLOURS } from '@teal/core';
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

/** Instances with figures in one answer: those seen last. */
export const USAGE_INSTANCES_MAX = 50;

const cpuShare = z
  .number()
  .nullable()
  .describe("Cores' worth of time: 1 is one core all the time; null where not known");
const memoryBytes = z.number().describe('What only the end of the instance would free');
const memoryLimitBytes = z.number().nullable().describe('Null where nothing limits it');

/** At the last look, some seconds ago. */
export const instanceUsageSchema = z.object({ cpuShare, memoryBytes, memoryLimitBytes });

export const usagePointSchema = z.object({
  minute: timeSchema.describe('Begin of the point'),
  cpuShare,
  memoryBytes: memoryBytes.describe('The most that was seen'),
});

export const instanceUsageSeriesSchema = z.object({
  instanceId: z.string(),
  number: z.int(),
  colour: z.enum(COLOURS),
  /** What started it. */
  deploymentId: z.string(),
  memoryLimitBytes,
  /** Oldest first; only those in which it was looked at. */
  points: z.array(usagePointSchema),
});

export const usageSchema = z.object({
  from: timeSchema,
  /** End of the last point, which is under way. */
  to: timeSchema,
  stepMinutes: z.int(),
  instances: z.array(instanceUsageSeriesSchema),
});

export type InstanceUsageView = z.infer<typeof instanceUsageSchema>;
export type InstanceUsageSeriesView = z.infer<typeof instanceUsageSeriesSchema>;
export type UsageView = z.infer<typeof usageSchema>;
