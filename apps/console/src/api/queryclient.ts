/** The cache of answers: how long they count, when to ask again, and that a 401 anywhere means signed out. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';
import { keys } from './keys.ts';

const RETRIES = 3;
/** Events keep answers fresh; this only bounds how old one may be when a window is looked at again. */
const STALE_AFTER_MS = 30_000;

export function createQueryClient(): QueryClient {
  const signedOut = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) client.setQueryData(keys.me, null);
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
