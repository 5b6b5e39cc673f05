/** What pages change. Every answer is followed by asking again what it may have changed. */
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import {
  appSchema,
  type ChangeEnvironment,
  type CreateApp,
  certificateSchema,
  deploymentStartedSchema,
  domainListSchema,
  environmentViewSchema,
  paths,
  type StartLastPushedCommit,
  type UpdateApp,
} from '@teal/contracts';
import { useRef } from 'react';
import { patch, post, put, read, remove } from './client.ts';
import { keys } from './keys.ts';

export function useCreateApp() {
  const client = useQueryClient();
  const create = useOnce(async (app: CreateApp) => read(await post(paths.apps(), app), appSchema));
  return useMutation({
    mutationFn: create,
    onSuccess: (app) => {
      client.setQueryData(keys.app(app.name), app);
      return client.invalidateQueries({ queryKey: keys.apps });
    },
  });
}

/** `expectedLive` is the id of the deployment the user saw live. */
export function useStartLastPushedCommit(app: string) {
  return useAppMutation(app, async (wish: StartLastPushedCommit) =>
    read(await post(paths.startLastPushedCommit(app), wish), deploymentStartedSchema),
  );
}

/** Without a commit: the newest of the deploy branch. */
export function useRedeploy(app: string) {
  return useAppMutation(app, async (commit: string | null) =>
    read(await post(paths.redeploy(app), commit === null ? {} : { commit }), deploymentStartedSchema),
  );
}

export function useStart(app: string) {
  return useAppMutation(app, async () => read(await post(paths.start(app)), deploymentStartedSchema));
}

export function useStop(app: string) {
  return useAppMutation(app, async () => {
    await post(paths.stop(app));
  });
}

export function useCancel(app: string) {
  return useAppMutation(app, async (id: string) => {
    await post(paths.cancel(app, id));
  });
}

/** A page takes effect with what is on: undefined leaves it as it is, null is the router's own. */
export function useMaintenance(app: string) {
  return useAppMutation(app, async ({ on, page }: { on: boolean; page?: string | null }) => {
    if (on) await put(paths.maintenance(app), page === undefined ? {} : { page });
    else await remove(paths.maintenance(app));
  });
}

export function useUpdateApp(app: string) {
  return useAppMutation(app, async (change: UpdateApp) => read(await patch(paths.app(app), change), appSchema));
}

export function useChangeEnvironment(app: string) {
  const client = useQueryClient();
  return useAppMutation(app, async (change: ChangeEnvironment) => {
    const changed = read(await patch(paths.environment(app), change), environmentViewSchema);
    client.setQueryData(keys.environment(app), changed);
    return changed;
  });
}

export function useAddDomain(app: string) {
  return useAppMutation(app, async (domain: { name: string; primary?: boolean }) =>
    read(await post(paths.domains(app), domain), domainListSchema),
  );
}

export function useRemoveDomain(app: string) {
  return useAppMutation(app, (name: string) => remove(paths.domain(app, name)));
}

export function useDeleteApp(app: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: useOnce(() => remove(paths.app(app))),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.apps }),
  });
}

export function useAddCertificate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: useOnce(async (pem: { certificate: string; key: string }) =>
      read(await post(paths.certificates(), pem), certificateSchema),
    ),
    onSettled: () => client.invalidateQueries({ queryKey: keys.certificates }),
  });
}

export function useRemoveCertificate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => remove(paths.certificate(id)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.certificates }),
  });
}

function useAppMutation<Wish = void, Answer = void>(app: string, mutationFn: (wish: Wish) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: useOnce(mutationFn), onSettled: () => refetchApp(client, app) });
}

/** The second click of a double click comes before anything could be disabled: it gets the first one's answer. */
function useOnce<Wish, Answer>(ask: (wish: Wish) => Promise<Answer>): (wish: Wish) => Promise<Answer> {
  const asked = useRef<Promise<Answer> | null>(null);
  return (wish: Wish) => {
    asked.current ??= ask(wish).finally(() => {
      asked.current = null;
    });
    return asked.current;
  };
}

/** Also after a refusal: what the user saw may be why it was refused. */
async function refetchApp(client: QueryClient, app: string): Promise<void> {
  const about = [
    keys.app(app),
    keys.deployments(app),
    ['deployment', app],
    keys.environment(app),
    keys.maintenance(app),
  ];
  await Promise.all(about.map((queryKey) => client.invalidateQueries({ queryKey })));
}
