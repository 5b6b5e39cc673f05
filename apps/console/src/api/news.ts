/** Who is told what becomes of deployments: mails to members, and webhooks of organisations and apps. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  deliveryListSchema,
  notificationsSchema,
  paths,
  type WebhookEvent,
  type WebhookForm,
  webhookAddedSchema,
  webhookListSchema,
  webhookPaths,
  webhookTestedSchema,
} from '@teal/contracts';
import { get, post, put, read, remove } from './client.ts';
import { keys } from './keys.ts';

export type WebhookOwner = { organisation: string } | { app: string };

function listPath(owner: WebhookOwner): string {
  return 'app' in owner ? paths.appWebhooks(owner.app) : paths.organisationWebhooks(owner.organisation);
}

export function useWebhooks(owner: WebhookOwner) {
  return useQuery({
    queryKey: keys.webhooks(owner),
    queryFn: ({ signal }) => get(listPath(owner), webhookListSchema, signal),
  });
}

export function useDeliveries(owner: WebhookOwner, id: string) {
  return useQuery({
    queryKey: keys.deliveries(owner, id),
    queryFn: ({ signal }) => get(webhookPaths.deliveries(listPath(owner), id), deliveryListSchema, signal),
  });
}

export interface NewWebhook {
  url: string;
  form: WebhookForm;
  events: WebhookEvent[];
  name?: string;
}

/** Its answer holds the secret, this once. */
export function useAddWebhook(owner: WebhookOwner) {
  return useWebhookChange(owner, async (wish: NewWebhook) =>
    read(await post(listPath(owner), wish), webhookAddedSchema),
  );
}

export function useTestWebhook(owner: WebhookOwner) {
  return useWebhookChange(owner, async (id: string) =>
    read(await post(webhookPaths.test(listPath(owner), id)), webhookTestedSchema),
  );
}

export function useRemoveWebhook(owner: WebhookOwner) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => remove(webhookPaths.one(listPath(owner), id)),
    // the list alone: deliveries of the one that is gone would be asked for in vain
    onSettled: () => client.invalidateQueries({ queryKey: keys.webhooks(owner), exact: true }),
  });
}

export function useNotifications(organisation: string) {
  return useQuery({
    queryKey: keys.notifications(organisation),
    queryFn: ({ signal }) => get(paths.organisationNotifications(organisation), notificationsSchema, signal),
  });
}

export function useSetOrganisationMails(organisation: string) {
  return useMailChange(organisation, (wish: { failures: boolean; successes: boolean }) =>
    put(paths.organisationNotifications(organisation), wish),
  );
}

/** Null: as the organisation says. */
export function useSetOwnMails(organisation: string) {
  return useMailChange(organisation, (wish: { failures: boolean | null; successes: boolean | null }) =>
    put(paths.ownNotifications(organisation), wish),
  );
}

function useMailChange<Wish>(organisation: string, mutationFn: (wish: Wish) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: keys.notifications(organisation) }),
  });
}

function useWebhookChange<Wish, Answer>(owner: WebhookOwner, mutationFn: (wish: Wish) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: keys.webhooks(owner) }) });
}
