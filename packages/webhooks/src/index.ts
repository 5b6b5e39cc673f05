/** Webhooks: their bodies, signatures, and the guarded way out. Keeps nothing, retries nothing. */
export { createWebhookSender, type WebhookSenderOptions } from './sender.ts';
export { newWebhookSecret } from './signature.ts';
