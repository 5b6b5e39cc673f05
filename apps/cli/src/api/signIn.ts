/** Signs in by e-mail and password, and trades the session for a token that can be kept. Prints nothing. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { paths } from '@teal/contracts/paths';
import { answerError } from './client.ts';
import { openExchange, readBody } from './http.ts';
import type { Server } from './server.ts';

const TOKEN_DAYS = 90;

export interface Credentials {
  email: string;
  password: string;
  /** Of the second factor. */
  code?: string;
}

/** The token's secret. Throws as the API answers: `second_factor_needed` asks for a code. */
export async function tokenByPassword(url: URL, credentials: Credentials, signal: AbortSignal): Promise<string> {
  const server: Server = { url, token: null };
  const origin = { Origin: url.origin };
  const signedIn = await send(server, 'POST', { path: paths.session(), body: credentials, headers: origin, signal });
  const headers = { ...origin, Cookie: signedIn.cookie };
  const body = { name: `teal login on ${hostname()}`.slice(0, 80), expiresInDays: TOKEN_DAYS };
  const made = await send(server, 'POST', { path: paths.tokens(), body, headers, signal });
  await send(server, 'DELETE', { path: paths.session(), headers, signal });
  return (JSON.parse(made.text) as { secret: string }).secret;
}

interface Sending {
  path: string;
  body?: unknown;
  headers: Record<string, string>;
  signal: AbortSignal;
}

async function send(server: Server, method: string, { path, body, headers, signal }: Sending) {
  const answer = await openExchange(server, {
    method,
    path,
    signal,
    headers: { Accept: 'application/json', 'Idempotency-Key': randomUUID(), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await readBody(server, answer);
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 299) throw answerError(server, status, text);
  return { text, cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
}
