/** The first run of a platform, for tests. */
import { createHash, randomUUID } from 'node:crypto';
import type { PostgresStore } from '../src/index.ts';

export const hashOf = (secret: string) => createHash('sha256').update(secret).digest();

export async function firstRun(store: PostgresStore, email: string | null) {
  const first = {
    platformId: `platform_${randomUUID()}`,
    organisationId: `orga_${randomUUID()}`,
    userId: `user_${randomUUID()}`,
    email,
    token: { id: `token_${randomUUID()}`, name: 'first', prefix: 'teal_abc', hash: hashOf('first secret') },
  };
  return { first, made: await store.accounts.initialise(first) };
}
