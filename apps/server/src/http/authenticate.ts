/** Who sends a request: a bearer token, or the console's session cookie. Decides nothing about what they may do. */
import { TealError } from '@teal/core';
import type { Accounts, Principal } from '@teal/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hashSecret } from '../secrets.ts';

export const SESSION_COOKIE = 'teal_session';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route below `/api/v1` but sign-in. */
    principal: Principal;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A browser says where a request comes from; cookies count only for our own pages. */
export function refuseForeignOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined || SAFE_METHODS.has(request.method)) return;
  if (origin !== `${request.protocol}://${request.host}`) throw new TealError('origin_foreign');
}

export async function findPrincipal(accounts: Accounts, request: FastifyRequest): Promise<Principal> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [scheme, token, ...rest] = authorization.split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
      throw new TealError('unauthenticated');
    const found = await accounts.byToken(hashSecret(token));
    if (found === null) throw new TealError('token_invalid');
    return found.principal;
  }
  const session = request.cookies[SESSION_COOKIE];
  if (session === undefined) throw new TealError('unauthenticated');
  refuseForeignOrigin(request);
  const principal = await accounts.bySession(hashSecret(session));
  if (principal === null) throw new TealError('unauthenticated');
  return principal;
}

/** Every route registered on `api` after this needs a principal. */
export function useAuthentication(api: FastifyInstance, accounts: Accounts): void {
  api.decorateRequest('principal', null as unknown as Principal);
  api.addHook('onRequest', async (request) => {
    request.principal = await findPrincipal(accounts, request);
  });
}
