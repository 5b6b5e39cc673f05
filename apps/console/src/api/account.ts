/** One's own account, and the ways into it that a mail opens: invitations and new passwords. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { invitationFoundSchema, meSchema, paths, recoveryCodesSchema, secondFactorOfferSchema } from '@teal/contracts';
import { post, put, read, remove } from './client.ts';
import { keys } from './keys.ts';

/** `current` is needed where a password is set. */
export function useSetPassword() {
  return useAccountChange((wish: { password: string; current?: string }) => put(paths.password(), wish));
}

export function useOfferSecondFactor() {
  return useMutation({
    mutationFn: async (password: string) =>
      read(await post(paths.secondFactor(), password === '' ? {} : { password }), secondFactorOfferSchema),
  });
}

/** Its answer holds the recovery codes, this once. */
export function useConfirmSecondFactor() {
  return useAccountChange(async (code: string) =>
    read(await post(paths.confirmSecondFactor(), { code }), recoveryCodesSchema),
  );
}

export function useEndSecondFactor() {
  return useAccountChange((code: string) => remove(paths.secondFactor(), { code }));
}

export function useAskReset() {
  return useMutation({ mutationFn: (email: string) => post(paths.passwordResets(), { email }) });
}

export function useReset(secret: string) {
  return useMutation({
    mutationFn: (password: string) => post(paths.takePasswordReset(), { secret, password }),
  });
}

export function useInvitation(secret: string) {
  return useQuery({
    queryKey: ['invitation', secret],
    queryFn: async () => read(await post(paths.lookUpInvitation(), { secret }), invitationFoundSchema),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Name and password make the account of who has none. */
export function useAcceptInvitation(secret: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (newcomer: { name: string; password: string } | null) =>
      read(await post(paths.acceptInvitation(), { secret, ...newcomer }), meSchema),
    onSuccess: (me) => {
      client.setQueryData(keys.me, me);
      return client.invalidateQueries({ queryKey: keys.apps });
    },
  });
}

function useAccountChange<Wish, Answer>(ask: (wish: Wish) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: ask, onSuccess: () => client.invalidateQueries({ queryKey: keys.me }) });
}
