/** The record of who did what. */
import { ACTIONS, type ActivityAction } from '@teal/core';
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

export { ACTIONS } from '@teal/core';

const wholeNumber = z.coerce.number().int().min(0);
/** `before`: entries older than this sequence. */
export const activityQuerySchema = z.strictObject({
  limit: wholeNumber.min(1).max(200).default(50),
  before: wholeNumber.optional(),
});

export const activitySchema = z.object({
  sequence: z.int(),
  at: timeSchema,
  action: z.enum(Object.keys(ACTIONS) as [ActivityAction, ...ActivityAction[]]),
  actor: z.object({ id: z.string().nullable(), name: z.string(), token: z.string().nullable() }),
  address: z.string().nullable(),
  organisationId: z.string().nullable(),
  app: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** What it was done to, before and after; never a secret. */
  facts: z.record(z.string(), z.unknown()),
});
/** Newest first; `next` goes into `before`. */
export const activityListSchema = z.object({ entries: z.array(activitySchema), next: z.int().nullable() });

export type ActivityView = z.infer<typeof activitySchema>;
