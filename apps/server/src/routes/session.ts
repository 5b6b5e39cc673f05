/** Signing in and out, and setting a new password by mail. */
import { askResetSchema, meSchema, signInSchema, signInWaysSchema, useResetSchema } from '@teal/contracts';
import { TealError } from '@teal/core';
import type { Principal } from '@teal/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { note } from '../http/activity.ts';
import { refuseForeignOrigin, SESSION_COOKIE } from '../http/authenticate.ts';
import { takeCode } from '../people/secondFactor.ts';
import { hashSecret, makeSecret } from '../secrets.ts';
import { meView } from '../views/account.ts';
import type { Api, RouteDeps } from './deps.ts';

const SESSION_DAYS = 30;
const RESET_MINUTES = 30;

/** The session of the request's cookie, as it is kept. */
export function sessionOf(request: FastifyRequest): Buffer | null {
  const secret = request.cookies[SESSION_COOKIE];
  return secret === undefined ? null : hashSecret(secret);
}

/** Always a new one: what was in the cookie before ends here. */
export async function openSession(
  { store }: RouteDeps,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  who: { userId: string; tokenId: string | null },
): Promise<void> {
  const former = sessionOf(request);
  if (former !== null) await store.accounts.endSession(former);
  const secret = makeSecret();
  const maxAge = SESSION_DAYS * 86_400;
  await store.accounts.createSession({
    ...who,
    hash: hashSecret(secret),
    expiresAt: new Date(Date.now() + maxAge * 1000),
  });
  const secure = request.protocol === 'https';
  reply.setCookie(SESSION_COOKIE, secret, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge });
}

async function byToken({ store }: RouteDeps, token: string): Promise<Principal> {
  const principal = await store.accounts.byToken(hashSecret(token));
  if (principal === null) throw new TealError('token_invalid');
  if (principal.userId === null) throw new TealError('forbidden', { permission: 'sign in as a person' });
  return principal;
}

interface Credentials {
  email: string;
  password: string;
  code?: string;
}

/** The same answer in the same time for nobody and for a wrong password. */
async function byPassword(deps: RouteDeps, request: FastifyRequest, given: Credentials): Promise<Principal> {
  const { store, passwords, attempts } = deps;
  const account = given.email.toLowerCase();
  attempts.begin(request.ip, account);
  const person = await store.people.byEmail(account);
  const fits = await passwords.fits(person?.passwordHash ?? null, given.password).catch((error) => {
    attempts.withdrawn(request.ip, account);
    throw error;
  });
  if (!fits || person === null) throw new TealError('credentials_wrong');
  if (person.totpSince !== null) {
    if (given.code === undefined) throw new TealError('second_factor_needed');
    if (!(await takeCode(store.people, person, given.code))) throw new TealError('second_factor_wrong');
  }
  attempts.succeeded(request.ip, account);
  const principal = await store.accounts.byUser(person.id);
  if (principal === null) throw new TealError('credentials_wrong');
  return principal;
}

export function sessionRoutes(api: Api, deps: RouteDeps): void {
  const { store } = deps;
  const rateLimit = { max: 120, timeWindow: 60_000 };
  const signIn = {
    config: { ...needs('public', 'account.signed-in'), rateLimit },
    schema: { body: signInSchema, response: { 200: meSchema } },
  };
  api.post('/session', signIn, async (request, reply) => {
    refuseForeignOrigin(request);
    const { body } = request;
    const principal = 'token' in body ? await byToken(deps, body.token) : await byPassword(deps, request, body);
    const { id, userName, token } = principal;
    await openSession(deps, { request, reply }, { userId: id, tokenId: token?.id ?? null });
    note(request, {
      actor: { id, name: userName },
      facts: { by: token === null ? 'password' : `token ${token.name}` },
    });
    return meView(principal, deps, await store.people.get(id));
  });

  const ways = { config: { ...needs('public'), rateLimit }, schema: { response: { 200: signInWaysSchema } } };
  api.get('/session/ways', ways, async () => ({ passwords: await store.people.havePasswords() }));

  const signOut = { config: needs('self.read', 'account.signed-out'), schema: { response: { 204: z.null() } } };
  api.delete('/session', signOut, async (request, reply) => {
    const session = sessionOf(request);
    if (session !== null) await store.accounts.endSession(session);
    return reply.clearCookie(SESSION_COOKIE, { path: '/' }).status(204).send(null);
  });
}

export function passwordResetRoutes(api: Api, deps: RouteDeps): void {
  const { store, passwords, letters, places } = deps;
  const ask = {
    config: { ...needs('public', null), rateLimit: { max: 10, timeWindow: 15 * 60_000 } },
    schema: { body: askResetSchema, response: { 202: z.null() } },
  };
  // One answer for all addresses, before anything is looked up.
  api.post('/password-resets', ask, async (request, reply) => {
    refuseForeignOrigin(request);
    const { email } = request.body;
    const task = sendReset(email).catch((error) => request.log.warn({ err: error }, 'a reset could not be sent'));
    deps.background(task);
    return reply.status(202).send(null);
  });

  async function sendReset(email: string): Promise<void> {
    const person = await store.people.byEmail(email);
    if (person?.email == null || !deps.resetLimit(person.id)) return;
    const secret = makeSecret();
    const expiresAt = new Date(Date.now() + RESET_MINUTES * 60_000);
    await store.people.createReset({ hash: hashSecret(secret), userId: person.id, expiresAt });
    // Behind the #, where no server and no log sees it.
    const link = `${places.consoleUrl()}/reset-password#${secret}`;
    letters.post({ kind: 'password-reset', to: person.email, link, minutes: RESET_MINUTES });
  }

  const use = {
    config: { ...needs('public', 'account.password-reset'), rateLimit: { max: 20, timeWindow: 15 * 60_000 } },
    schema: { body: useResetSchema, response: { 204: z.null() } },
  };
  api.post('/password-resets/use', use, async (request, reply) => {
    refuseForeignOrigin(request);
    const { secret, password } = request.body;
    const person = await store.people.useReset(hashSecret(secret), await passwords.hash(password));
    if (person === null) throw new TealError('reset_invalid');
    note(request, { actor: person });
    return reply.status(204).send(null);
  });
}
