/** Signs deliveries as Standard Webhooks says, so that receivers can check them with a ready-made library. */
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** For one webhook; both sides keep it. */
export function newWebhookSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

/** HMAC-SHA256 over `id.timestamp.body`; `timestamp` in seconds since 1970. */
export function signatureOf(secret: string, signed: { id: string; timestamp: number; body: string }): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const { id, timestamp, body } = signed;
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
