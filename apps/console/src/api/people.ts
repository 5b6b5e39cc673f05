/** Organisations, their people, tokens, keys and the record of activity: what pages read and change of them. */
import { type QueryKey, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  activityListSchema,
  invitationListSchema,
  keyListSchema,
  memberListSchema,
  organisationSchema,
  paths,
  type Role,
  type TokenScope,
  tokenCreatedSchema,
  tokenListSchema,
} from '@teal/contracts';
import { get, patch, post, read, remove } from './client.ts';
import { keys } from './keys.ts';

/** Whose tokens: one's own, or an organisation's. */
export type TokenOwner = { organisation: string } | 'self';
/** Whose keys: one's own, or an app's. */
export type KeyOwner = { app: string } | 'self';
/** Whose record: one's own, an organisation's, or an app's. */
export type ActivityOf = 'self' | { organisation: string } | { app: string };

function tokensPath(owner: TokenOwner): string {
  return owner === 'self' ? paths.tokens() : paths.organisationTokens(owner.organisation);
}

function keysPath(owner: KeyOwner): string {
  return owner === 'self' ? paths.keys() : paths.appKeys(owner.app);
}

function activityPath(of: ActivityOf): string {
  if (of === 'self') return paths.ownActivity();
  return 'app' in of ? paths.appActivity(of.app) : paths.organisationActivity(of.organisation);
}

export function useMembers(organisation: string) {
  return useQuery({
    queryKey: keys.members(organisation),
    queryFn: ({ signal }) => get(paths.members(organisation), memberListSchema, signal),
  });
}

export function useInvitations(organisation: string, enabled: boolean) {
  return useQuery({
    queryKey: keys.invitations(organisation),
    queryFn: ({ signal }) => get(paths.invitations(organisation), invitationListSchema, signal),
    enabled,
  });
}

export function useTokens(owner: TokenOwner) {
  return useQuery({
    queryKey: keys.tokens(owner),
    queryFn: ({ signal }) => get(tokensPath(owner), tokenListSchema, signal),
  });
}

export function useKeys(owner: KeyOwner) {
  return useQuery({
    queryKey: keys.sshKeys(owner),
    queryFn: ({ signal }) => get(keysPath(owner), keyListSchema, signal),
  });
}

/** Newest first, page by page. */
export function useActivity(of: ActivityOf) {
  return useInfiniteQuery({
    queryKey: keys.activity(of),
    initialPageParam: null as number | null,
    queryFn: ({ signal, pageParam }) =>
      get(`${activityPath(of)}${pageParam === null ? '' : `?before=${pageParam}`}`, activityListSchema, signal),
    getNextPageParam: (page) => page.next,
    // what one did a moment ago belongs to it
    staleTime: 0,
  });
}

export function useInvite(organisation: string) {
  return useChange(
    (wish: { email: string; role: Role }) => post(paths.invitations(organisation), wish),
    keys.invitations(organisation),
  );
}

export function useWithdraw(organisation: string) {
  return useChange((id: string) => remove(paths.invitation(organisation, id)), keys.invitations(organisation));
}

export function useChangeRole(organisation: string) {
  return useChange(
    ({ userId, role }: { userId: string; role: Role }) => patch(paths.member(organisation, userId), { role }),
    keys.members(organisation),
    keys.me,
  );
}

export function useRemoveMember(organisation: string) {
  return useChange((userId: string) => remove(paths.member(organisation, userId)), keys.members(organisation));
}

export function useLeave(organisation: string) {
  return useChange(() => remove(paths.membership(organisation)), keys.me, keys.apps);
}

export function useCreateOrganisation() {
  return useChange(
    async (name: string) => read(await post(paths.organisations(), { name }), organisationSchema),
    keys.me,
  );
}

export function useRenameOrganisation(organisation: string) {
  return useChange((name: string) => patch(paths.organisation(organisation), { name }), keys.me);
}

export function useDeleteOrganisation(organisation: string) {
  return useChange(() => remove(paths.organisation(organisation)), keys.me, keys.apps);
}

export interface NewToken {
  name: string;
  scope: TokenScope;
  app?: string;
  expiresInDays?: number;
}

/** Its answer holds the secret, this once. */
export function useCreateToken(owner: TokenOwner) {
  return useChange(
    async (wish: NewToken) => read(await post(tokensPath(owner), wish), tokenCreatedSchema),
    keys.tokens(owner),
  );
}

export function useRevokeToken(owner: TokenOwner) {
  return useChange((id: string) => remove(`${tokensPath(owner)}/${encodeURIComponent(id)}`), keys.tokens(owner));
}

export function useAddKey(owner: KeyOwner) {
  return useChange(
    (wish: { key: string; name?: string; write?: boolean }) => post(keysPath(owner), wish),
    keys.sshKeys(owner),
  );
}

export function useRemoveKey(owner: KeyOwner) {
  return useChange((id: string) => remove(`${keysPath(owner)}/${encodeURIComponent(id)}`), keys.sshKeys(owner));
}

/** A change after which the answers under `stale` are asked for again, whether it was refused or not. */
function useChange<Wish = void, Answer = void>(ask: (wish: Wish) => Promise<Answer>, ...stale: QueryKey[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ask,
    onSettled: () => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
