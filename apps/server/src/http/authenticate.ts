/** Who sends a request: a bearer token, or the console's session cookie. Decides nothing about what they may do. */
import { TealError } from '@teal/core';
import type { Accounts, Principal } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { hashSecret } from '../secrets.ts';

export const SESSION_COOKIE = 'teal_session';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Browsers say where a request comes from: what comes from another site is refused, reads and event streams included. */
export function refuseForeignOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `${request.protocol}://${request.host}`) throw new TealError('origin_foreign');
}

/** A cookie comes along by itself: a change that it is to count for must say that it comes from our own pages. */
function refuseUnknownOrigin(request: FastifyRequest): void {
  refuseForeignOrigin(request);
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new TealError('origin_foreign');
  if (request.headers.origin === undefined && !SAFE_METHODS.has(request.method)) throw new TealError('origin_foreign');
}

export async function findPrincipal(accounts: Accounts, request: FastifyRequest): Promise<Principal> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [scheme, token, ...rest] = authorization.split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
      throw new TealError('unauthenticated');
    const found = await accounts.byToken(hashSecret(token));
    if (found === null) throw new TealError('token_invalid');
    return found;
  }
  const session = request.cookies[SESSION_COOKIE];
  if (session === undefined) throw new TealError('unauthenticated');
  refuseUnknownOrigin(request);
  const principal = await accounts.bySession(hashSecret(session));
  if (principal === null) throw new TealError('unauthenticated');
  return principal;
}
