/** Sends one delivery: to addresses that the guard lets through, without following redirects, without reading the answer. */
import http from 'node:http';
import https from 'node:https';
import type { AttemptOutcome, WaitingDelivery, WebhookSender } from '@teal/deployer';
import { bodyOf } from './body.ts';
import { type Allowed, guardedLookup, InternalAddress, readAllowed, refuseInternal } from './guard.ts';
import { signatureOf } from './signature.ts';

export interface WebhookSenderOptions {
  /** Host names, addresses and subnets that may be internal. */
  allow: readonly string[];
  userAgent: string;
  /** From the name's look-up to the head of the answer. Default {@link ATTEMPT_MS}. */
  timeoutMs?: number;
}

const ATTEMPT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;

export function createWebhookSender({ allow, userAgent, timeoutMs = ATTEMPT_MS }: WebhookSenderOptions): WebhookSender {
  const allowed = readAllowed(allow);
  return {
    async send(delivery, link, signal) {
      const body = bodyOf(delivery, link);
      const deadline = AbortSignal.timeout(timeoutMs);
      const headers = { 'user-agent': userAgent, ...headersOf(delivery, body) };
      try {
        return toOutcome(await post({ url: new URL(delivery.url), headers, body, allowed }, [signal, deadline]));
      } catch (error) {
        if (deadline.aborted) return { status: null, error: `no answer within ${timeoutMs / 1_000} s` };
        return { status: null, error: whyNot(error) };
      }
    },
  };
}

function headersOf({ id, event, secret }: WaitingDelivery, body: string): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1_000);
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatureOf(secret, { id, timestamp, body }),
    'teal-event': event,
  };
}

interface Posting {
  url: URL;
  headers: Record<string, string>;
  body: string;
  allowed: Allowed;
}

function post({ url, headers, body, allowed }: Posting, signals: AbortSignal[]): Promise<number> {
  refuseInternal(url.hostname, allowed);
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers,
      agent: false,
      lookup: guardedLookup(allowed),
      maxHeaderSize: MAX_HEADER_BYTES,
      signal: AbortSignal.any(signals),
    });
    sent.on('response', (response) => {
      resolve(response.statusCode ?? 0);
      // What it says is nobody's to see: it may be anything that answers there.
      response.on('error', () => {});
      sent.destroy();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function toOutcome(status: number): AttemptOutcome {
  if (status >= 200 && status < 300) return { status, error: null };
  if (status >= 300 && status < 400) return { status, error: `answered ${status}; redirects are not followed` };
  return { status, error: `answered ${status}` };
}

function whyNot(error: unknown): string {
  if (error instanceof InternalAddress) return error.message;
  const { code } = error as { code?: string };
  return `could not be reached${code === undefined ? '' : ` (${code})`}`;
}
