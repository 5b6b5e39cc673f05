/** The cache of answers: how long they count, when to ask again, and which refusals mean signed out. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';
import { keys } from './keys.ts';

const RETRIES = 3;
/** Events keep answers fresh; this only bounds how old one may be when a window is looked at again. */
const STALE_AFTER_MS = 30_000;

/** Other refusals with 401 are about a password or a code that was typed. */
const SIGNED_OUT = new Set(['unauthenticated', 'token_invalid']);

export function createQueryClient(): QueryClient {
  const signedOut = (error: unknown) => {
    if (error instanceof ApiError && SIGNED_OUT.has(error.code)) client.setQueryData(keys.me, null);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: signedOut }),
    mutationCache: new MutationCache({ onError: signedOut }),
    defaultOptions: {
      queries: {
        staleTime: STALE_AFTER_MS,
        // a platform on this very machine answers without any network
        networkMode: 'always',
        retry: (failures, error) => error instanceof ApiError && error.passing && failures < RETRIES,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  return client;
}
