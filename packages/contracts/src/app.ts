/** What the API says of an app, and what it takes to make and change one. */
import { COLOURS, isAppName, isVariableName, RESERVED_VARIABLES } from '@teal/core';
import { z } from 'zod';
import { commitSchema, deploymentSchema, timeSchema } from './deployment.ts';
import { domainSchema } from './hosts.ts';
import { trafficSummarySchema } from './traffic.ts';
import { instanceUsageSchema } from './usage.ts';

export const appNameSchema = z
  .string()
  .refine(isAppName, 'use 2 to 40 of a-z, 0-9 and -, starting with a letter, not ending with -');

export const settingsSchema = z.strictObject({
  gateDeadlineMs: z.int().min(1_000).max(1_800_000).describe('How long the new version may take to become healthy'),
  afterFlip: z.enum(['sleep', 'stop']).describe('What becomes of the previous version after its drain'),
  newerPush: z.enum(['cancel', 'wait']).describe('What a newer push does to an older one that is not live yet'),
  scale: z.int().min(1).max(20).describe('Number of instances'),
  memoryMib: z.int().min(32).max(262_144),
  cpus: z.number().min(0.05).max(256),
  maxProcesses: z.int().min(16).max(65_536),
  httpsOnly: z.boolean().describe('Redirect plain HTTP to HTTPS; in force at once'),
});

/** `organisation`: name or id; needed by who belongs to several. */
export const createAppSchema = z.strictObject({
  name: appNameSchema,
  settings: settingsSchema.partial().optional(),
  organisation: z.string().max(80).optional(),
});
export const updateAppSchema = z.strictObject({
  settings: settingsSchema.partial().optional(),
  deployBranch: z
    .string()
    .regex(/^(?!-)(?!.*\.\.)[A-Za-z0-9._/-]{1,200}$/, 'use letters, digits and . _ / -')
    .nullable()
    .optional(),
});

const variableName = z
  .string()
  .refine(isVariableName, 'use letters, digits and _, not starting with a digit')
  .refine((name) => !RESERVED_VARIABLES.includes(name), 'is set by the platform');
const variableValue = z
  .string()
  .max(131_072)
  .regex(/^[^\u0000]*$/, 'must not contain a NUL character');
export const environmentSchema = z.record(variableName, variableValue);
/** `set` adds or replaces, `unset` removes; other variables stay. */
export const changeEnvironmentSchema = z.strictObject({
  set: environmentSchema.optional(),
  unset: z.array(z.string()).max(1_000).optional(),
});
export const environmentViewSchema = z.object({
  variables: z.record(z.string(), z.string()),
  /** True when the live version runs with other variables or settings: a redeploy applies these. */
  pending: z.boolean(),
});

export const instanceSchema = z.object({
  id: z.string(),
  number: z.int(),
  state: z.enum(['starting', 'running', 'asleep', 'off']),
  startedAt: timeSchema.nullable(),
  usage: instanceUsageSchema.nullable().describe('Null until it has been looked at'),
});

export const poolSchema = z.object({
  colour: z.enum(COLOURS),
  releaseId: z.string(),
  deploymentId: z.string(),
  commit: commitSchema,
  standing: z.enum(['live', 'starting', 'draining', 'asleep']),
  /** Share of the app's requests, from 0 to 1. */
  share: z.number(),
  since: timeSchema.nullable(),
  instances: z.array(instanceSchema),
});

export const liveSchema = z.object({
  deploymentId: z.string(),
  releaseId: z.string(),
  colour: z.enum(COLOURS),
  commit: commitSchema,
  since: timeSchema,
});

/** What "Start last pushed commit" will start. */
export const previousSchema = z.object({
  releaseId: z.string(),
  commit: commitSchema,
  liveAt: timeSchema,
  /** asleep and draining answer at once, off needs a start, no-image a build. */
  standing: z.enum(['draining', 'asleep', 'off', 'no-image']),
  /** The app's variables of today differ from those it ran with; it starts with its own. */
  environmentDiffers: z.boolean(),
});

export const appSchema = z.object({
  id: z.string(),
  organisationId: z.string(),
  name: z.string(),
  state: z.enum(['empty', 'live', 'stopped']),
  url: z.string(),
  /** Over HTTPS; null where the platform serves none. */
  secureUrl: z.string().nullable(),
  /** The primary one first. */
  domains: z.array(domainSchema),
  maintenance: z.boolean().describe('Visitors get the maintenance page'),
  gitUrl: z.string(),
  deployBranch: z.string().nullable(),
  settings: settingsSchema,
  live: liveSchema.nullable(),
  previous: previousSchema.nullable(),
  pools: z.object({ blue: poolSchema.nullable(), green: poolSchema.nullable() }),
  /** The deployment in progress. */
  running: deploymentSchema.nullable(),
  lastDeployment: deploymentSchema.nullable(),
  pendingConfiguration: z.boolean(),
  traffic: trafficSummarySchema,
  createdAt: timeSchema,
});
export const appListSchema = z.object({ apps: z.array(appSchema) });

export type AppView = z.infer<typeof appSchema>;
export type PoolView = z.infer<typeof poolSchema>;
export type PreviousView = z.infer<typeof previousSchema>;
export type EnvironmentView = z.infer<typeof environmentViewSchema>;
export type CreateApp = z.infer<typeof createAppSchema>;
export type UpdateApp = z.infer<typeof updateAppSchema>;
export type ChangeEnvironment = z.infer<typeof changeEnvironmentSchema>;
