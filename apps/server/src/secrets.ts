/** API tokens and session secrets: made at random, kept as hashes. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { formatId } from '@teal/core';
import type { NewToken } from '@teal/store';

const TOKEN_PREFIX = 'teal_';
const SHOWN_CHARACTERS = TOKEN_PREFIX.length + 6;

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** A token with 256 bits of chance; the secret is known only to the caller. */
export function makeToken(
  name: string,
  limits: Pick<NewToken, 'scope' | 'appId' | 'expiresAt'> = {},
): { token: NewToken; secret: string } {
  const secret = `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`;
  const token = {
    id: formatId('token', randomUUID()),
    name,
    prefix: secret.slice(0, SHOWN_CHARACTERS),
    hash: hashSecret(secret),
    ...limits,
  };
  return { token, secret };
}

export function makeSecret(): string {
  return randomBytes(32).toString('base64url');
}
