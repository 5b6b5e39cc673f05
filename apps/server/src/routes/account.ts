/** Sign-in of the console, who one is, tokens, and the development mailbox. */
import {
  createTokenSchema,
  mailListSchema,
  meSchema,
  signInSchema,
  type TokenView,
  tokenCreatedSchema,
  tokenListSchema,
} from '@teal/contracts';
import { TealError } from '@teal/core';
import type { Principal, Token } from '@teal/store';
import { z } from 'zod';
import { refuseForeignOrigin, SESSION_COOKIE } from '../http/authenticate.ts';
import { hashSecret, makeSecret, makeToken } from '../secrets.ts';
import type { Api, RouteDeps } from './deps.ts';

const SESSION_DAYS = 30;

function tokenView(token: Token): TokenView {
  return {
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    createdAt: token.createdAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  };
}

function meView(principal: Principal, platform: RouteDeps['platform']) {
  return {
    user: { id: principal.userId, name: principal.userName, email: principal.email },
    organisation: { id: principal.organisationId, name: principal.organisationName },
    platform,
  };
}

/** The one route that needs no principal. */
export function signInRoutes(api: Api, { store, platform }: RouteDeps): void {
  api.post('/session', { schema: { body: signInSchema, response: { 200: meSchema } } }, async (request, reply) => {
    refuseForeignOrigin(request);
    const found = await store.accounts.byToken(hashSecret(request.body.token));
    if (found === null) throw new TealError('token_invalid');
    const secret = makeSecret();
    const maxAgeS = SESSION_DAYS * 86_400;
    const expiresAt = new Date(Date.now() + maxAgeS * 1000);
    await store.accounts.createSession({
      hash: hashSecret(secret),
      userId: found.principal.userId,
      tokenId: found.tokenId,
      expiresAt,
    });
    reply.setCookie(SESSION_COOKIE, secret, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https',
      maxAge: maxAgeS,
    });
    return meView(found.principal, platform);
  });
}

export function accountRoutes(api: Api, { store, platform, mailbox }: RouteDeps): void {
  api.get('/me', { schema: { response: { 200: meSchema } } }, async (request) => meView(request.principal, platform));

  api.delete('/session', { schema: { response: { 204: z.null() } } }, async (request, reply) => {
    const secret = request.cookies[SESSION_COOKIE];
    if (secret !== undefined) await store.accounts.endSession(hashSecret(secret));
    return reply.clearCookie(SESSION_COOKIE, { path: '/' }).status(204).send(null);
  });

  api.get('/tokens', { schema: { response: { 200: tokenListSchema } } }, async (request) => ({
    tokens: (await store.accounts.listTokens(request.principal.userId)).map(tokenView),
  }));

  api.post(
    '/tokens',
    { schema: { body: createTokenSchema, response: { 201: tokenCreatedSchema } } },
    async (request, reply) => {
      const { token, secret } = makeToken(request.body.name);
      const created = await store.accounts.createToken(request.principal.userId, token);
      return reply.status(201).send({ token: tokenView(created), secret });
    },
  );

  const tokenParams = z.object({ token: z.string() });
  api.delete(
    '/tokens/:token',
    { schema: { params: tokenParams, response: { 204: z.null() } } },
    async (request, reply) => {
      const revoked = await store.accounts.revokeToken(request.principal.userId, request.params.token);
      if (!revoked) throw new TealError('not_found', { what: 'token of this id' });
      return reply.status(204).send(null);
    },
  );

  api.get('/mailbox', { schema: { response: { 200: mailListSchema } } }, async () => {
    if (mailbox === null)
      throw new TealError('not_found', { what: 'mailbox (mails go to the SMTP server of SMTP_URL)' });
    const mails = await mailbox.list();
    return {
      mails: mails.map(({ id, receivedAt, from, to, subject, text }) => ({
        id,
        receivedAt: receivedAt.toISOString(),
        from,
        to,
        subject,
        text,
      })),
    };
  });
}
