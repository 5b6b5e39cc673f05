/** Who is signed in, signing in and out. The session itself is a cookie that scripts cannot read. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Me, meSchema, paths } from '@teal/contracts';
import { ApiError, get, post, remove } from './client.ts';
import { keys } from './keys.ts';

/** `data` is null when nobody is signed in. */
export function useMe() {
  return useQuery<Me | null>({
    queryKey: keys.me,
    queryFn: async ({ signal }) => {
      try {
        return await get(paths.me(), meSchema, signal);
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
  });
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: string) => post(paths.session(), { token }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.me }),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => remove(paths.session()),
    onSuccess: () => {
      client.setQueryData(keys.me, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
    },
  });
}
