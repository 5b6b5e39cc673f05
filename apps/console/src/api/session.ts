/** Who is signed in, signing in and out. The session itself is a cookie that scripts cannot read. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Me, meSchema, type Permission, paths, signInWaysSchema } from '@teal/contracts';
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

/** The one who is signed in; only for what is shown to nobody else. */
export function useSignedIn(): Me {
  const { data } = useMe();
  if (data == null) throw new Error('nobody is signed in');
  return data;
}

/** What one may do in an organisation, by the name of the permission. */
export function useMay(organisationId: string): (permission: Permission) => boolean {
  const { data } = useMe();
  const allowed = data?.permissions.organisations[organisationId] ?? [];
  return (permission) => allowed.includes(permission);
}

/** What one can sign in with on this platform. */
export function useSignInWays() {
  return useQuery({
    queryKey: keys.signInWays,
    queryFn: ({ signal }) => get(paths.signInWays(), signInWaysSchema, signal),
  });
}

export type Credentials = { token: string } | { email: string; password: string; code?: string };

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (credentials: Credentials) => post(paths.session(), credentials),
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
