/** What the API says of webhooks and their deliveries, and what it takes to add one. The same for organisations and apps. */
import { WEBHOOK_EVENTS, WEBHOOK_FORMS } from '@teal/core';
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

export { WEBHOOK_EVENTS, WEBHOOK_FORMS, type WebhookEvent, type WebhookForm } from '@teal/core';

const eventSchema = z.enum(WEBHOOK_EVENTS);

const urlSchema = z
  .url({ protocol: /^https?$/, error: 'is an http:// or https:// URL' })
  .max(2_000)
  .refine((text) => {
    // Also asked about what is no URL at all.
    const url = URL.canParse(text) ? new URL(text) : null;
    return url === null || (url.username === '' && url.password === '');
  }, 'must not hold a user or password');

/** Without `events`: all. Without `name`: the address's host. */
export const addWebhookSchema = z.strictObject({
  url: urlSchema,
  form: z
    .enum(WEBHOOK_FORMS)
    .default('json')
    .describe('json: everything, signed as Standard Webhooks says. slack: one sentence, for incoming webhooks'),
  events: z
    .array(eventSchema)
    .min(1)
    .max(WEBHOOK_EVENTS.length)
    .default([...WEBHOOK_EVENTS]),
  name: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters')
    .optional(),
});

export const deliverySchema = z.object({
  id: z.string().describe('Sent along as webhook-id; the same for every attempt'),
  event: z.enum([...WEBHOOK_EVENTS, 'test']),
  deploymentId: z.string().nullable(),
  appName: z.string().nullable(),
  state: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.int(),
  createdAt: timeSchema,
  lastAttemptAt: timeSchema.nullable(),
  nextAttemptAt: timeSchema.nullable().describe('Null once it has ended'),
  status: z.int().nullable().describe('HTTP status of the last answer; null: there was none'),
  error: z.string().nullable().describe('Why the last attempt failed, in a sentence for people'),
});
/** Newest first. */
export const deliveryListSchema = z.object({ deliveries: z.array(deliverySchema) });

export const webhookSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Its path may be a secret, and is not shown. */
  url: z.string().describe('Scheme and host only'),
  form: z.enum(WEBHOOK_FORMS),
  events: z.array(eventSchema),
  createdAt: timeSchema,
  lastDelivery: deliverySchema.nullable(),
});
export const webhookListSchema = z.object({ webhooks: z.array(webhookSchema) });
/** `secret` signs what is sent; it is shown this once. */
export const webhookAddedSchema = z.object({ webhook: webhookSchema, secret: z.string() });
/** The delivery has ended: `delivered` or `failed`. */
export const webhookTestedSchema = z.object({ delivery: deliverySchema });

export type WebhookView = z.infer<typeof webhookSchema>;
export type DeliveryView = z.infer<typeof deliverySchema>;
