/** Who one is, one's password and second factor. */
import {
  confirmSecondFactorSchema,
  endSecondFactorSchema,
  meSchema,
  offerSecondFactorSchema,
  recoveryCodesSchema,
  secondFactorOfferSchema,
  setPasswordSchema,
} from '@teal/contracts';
import { TealError } from '@teal/core';
import type { Person } from '@teal/store';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { needs } from '../http/access.ts';
import { newRecoveryCodes, newTotp, recoveryHash, stepOf, takeCode } from '../people/secondFactor.ts';
import { meView } from '../views/account.ts';
import type { Api, RouteDeps } from './deps.ts';
import { openSession, sessionOf } from './session.ts';

async function personOf({ store }: RouteDeps, { principal }: FastifyRequest): Promise<Person> {
  const person = await store.people.get(principal.id);
  if (person === null) throw new TealError('unauthenticated');
  return person;
}

/** Guesses at the password in force count like sign-ins. */
async function checkPassword(deps: RouteDeps, request: FastifyRequest, person: Person, given: string | undefined) {
  if (person.passwordHash === null) return;
  deps.attempts.begin(request.ip, person.id);
  if (!(await deps.passwords.fits(person.passwordHash, given ?? ''))) throw new TealError('password_wrong');
  deps.attempts.succeeded(request.ip, person.id);
}

export function accountRoutes(api: Api, deps: RouteDeps): void {
  const { store, passwords } = deps;
  const meRoute = { config: needs('self.read'), schema: { response: { 200: meSchema } } };
  api.get('/me', meRoute, async ({ principal }) => {
    const person = principal.userId === null ? null : await store.people.get(principal.userId);
    return meView(principal, deps, person);
  });

  const passwordRoute = {
    config: needs('self.manage', 'account.password-changed'),
    schema: { body: setPasswordSchema, response: { 204: z.null() } },
  };
  api.put('/account/password', passwordRoute, async (request, reply) => {
    const person = await personOf(deps, request);
    await checkPassword(deps, request, person, request.body.current);
    await store.people.setPassword(person.id, await passwords.hash(request.body.password));
    // All sessions have ended; who is here goes on in a new one.
    if (sessionOf(request) !== null)
      await openSession(deps, { request, reply }, { userId: person.id, tokenId: request.principal.token?.id ?? null });
    return reply.status(204).send(null);
  });

  secondFactorRoutes(api, deps);
}

function secondFactorRoutes(api: Api, deps: RouteDeps): void {
  const { store } = deps;
  const path = '/account/second-factor';

  const offerRoute = {
    config: needs('self.manage', null),
    schema: { body: offerSecondFactorSchema.nullish(), response: { 200: secondFactorOfferSchema } },
  };
  api.post(path, offerRoute, async (request) => {
    const person = await personOf(deps, request);
    if (person.totpSince !== null) throw new TealError('second_factor_state', { state: 'on already' });
    await checkPassword(deps, request, person, request.body?.password);
    const { secret, uri } = newTotp(person.email ?? person.name);
    await store.people.offerTotp(person.id, secret);
    return { secret, uri };
  });

  const confirmRoute = {
    config: needs('self.manage', 'account.second-factor-on'),
    schema: { body: confirmSecondFactorSchema, response: { 200: recoveryCodesSchema } },
  };
  api.post(`${path}/confirm`, confirmRoute, async (request) => {
    const person = await personOf(deps, request);
    if (person.totpSince !== null || person.totpSecret === null)
      throw new TealError('second_factor_state', { state: person.totpSince === null ? 'not asked for' : 'on already' });
    const step = stepOf(person.totpSecret, request.body.code, Date.now());
    if (step === null) throw new TealError('second_factor_wrong');
    const recoveryCodes = newRecoveryCodes();
    await store.people.startTotp(person.id, { step, recoveryHashes: recoveryCodes.map(recoveryHash) });
    return { recoveryCodes };
  });

  const endRoute = {
    config: needs('self.manage', 'account.second-factor-off'),
    schema: { body: endSecondFactorSchema, response: { 204: z.null() } },
  };
  api.delete(path, endRoute, async (request, reply) => {
    const person = await personOf(deps, request);
    if (person.totpSince === null) throw new TealError('second_factor_state', { state: 'off already' });
    deps.attempts.begin(request.ip, person.id);
    if (!(await takeCode(store.people, person, request.body.code))) throw new TealError('second_factor_wrong');
    deps.attempts.succeeded(request.ip, person.id);
    await store.people.endTotp(person.id);
    return reply.status(204).send(null);
  });
}
