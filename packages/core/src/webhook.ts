/** What webhooks are told of, and in which form. */

/** What becomes of a deployment. */
export const WEBHOOK_EVENTS = [
  'deployment.queued',
  'deployment.live',
  'deployment.failed',
  'deployment.cancelled',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** `json`: everything, as Standard Webhooks has it. `slack`: one sentence, for incoming webhooks of Slack and its like. */
export const WEBHOOK_FORMS = ['json', 'slack'] as const;
export type WebhookForm = (typeof WEBHOOK_FORMS)[number];
