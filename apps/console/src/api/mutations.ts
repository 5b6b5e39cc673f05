/** What pages change. Every answer is followed by asking again what it may have changed. */
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { appSchema, type CreateApp, deploymentStartedSchema, paths, type StartLastPushedCommit } from '@teal/contracts';
import { useRef } from 'react';
import { post, read } from './client.ts';
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

export function useRedeploy(app: string) {
  return useAppMutation(app, async () => read(await post(paths.redeploy(app), {}), deploymentStartedSchema));
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
  await Promise.all([
    client.invalidateQueries({ queryKey: keys.app(app) }),
    client.invalidateQueries({ queryKey: keys.deployments(app) }),
    client.invalidateQueries({ queryKey: ['deployment', app] }),
  ]);
}
