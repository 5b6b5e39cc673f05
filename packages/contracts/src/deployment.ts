/** What the API says of deployments and their logs, and what it takes to ask for one. */
import { COLOURS, DEPLOYMENT_STATES, DEPLOYMENT_TRIGGERS, PHASES } from '@teal/core';
import { z } from 'zod';

/** A moment as ISO 8601 in UTC. */
export const timeSchema = z.string().describe('ISO 8601, UTC');

export const commitSchema = z.object({ commit: z.string(), author: z.string(), message: z.string() });

export const failureSchema = z.object({
  phase: z.enum(PHASES),
  code: z.string(),
  reason: z.string(),
});

export const deploymentSchema = z.object({
  id: z.string(),
  appId: z.string(),
  sequence: z.int(),
  trigger: z.enum(DEPLOYMENT_TRIGGERS),
  state: z.enum(DEPLOYMENT_STATES),
  commit: commitSchema,
  branch: z.string().nullable(),
  pushOptions: z.array(z.string()),
  requestedBy: z.string(),
  releaseId: z.string().nullable(),
  colour: z.enum(COLOURS).nullable(),
  failure: failureSchema.nullable(),
  cancelReason: z.string().nullable(),
  createdAt: timeSchema,
  /** When each state was entered. */
  times: z.partialRecord(z.enum(DEPLOYMENT_STATES), timeSchema),
});
export const deploymentListSchema = z.object({
  deployments: z.array(deploymentSchema),
  /** Pass as `before` for the next page; null at the end. */
  next: z.int().nullable(),
});

export const logLineSchema = z.object({
  sequence: z.int(),
  at: z.int().describe('Milliseconds since 1970'),
  phase: z.enum([...PHASES, 'done']),
  source: z.enum(['teal', 'build', 'app']),
  text: z.string(),
});
export const logSchema = z.object({ lines: z.array(logLineSchema), ended: z.boolean() });

const commitId = z.string().regex(/^[0-9a-f]{7,64}$/, 'is 7 to 64 hex digits');
/** Without `commit`: the newest commit of the deploy branch. */
export const redeploySchema = z.strictObject({ commit: commitId.optional() });
export const startLastPushedCommitSchema = z.strictObject({
  /** Id of the deployment that the caller saw live, null for none. A mismatch changes nothing and answers 409. */
  expectedLive: z.string().nullable().optional(),
  /** A deployment whose release is to be started instead of the previous one. */
  deployment: z.string().optional(),
});

export const deploymentStartedSchema = z.object({
  deployment: deploymentSchema,
  /** Things worth knowing that stopped nothing, each a sentence. */
  warnings: z.array(z.string()),
});

export type CommitView = z.infer<typeof commitSchema>;
export type DeploymentView = z.infer<typeof deploymentSchema>;
export type LogLineView = z.infer<typeof logLineSchema>;
export type DeploymentStarted = z.infer<typeof deploymentStartedSchema>;
export type StartLastPushedCommit = z.infer<typeof startLastPushedCommitSchema>;
