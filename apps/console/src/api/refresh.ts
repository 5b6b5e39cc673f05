/** Asks again for the answers that changes concern, and for no others. */
import type { QueryClient } from '@tanstack/react-query';
import { type AppView, appSchema, type ChangeEvent, paths } from '@teal/contracts';
import { ApiError, get } from './client.ts';
import { concerns, keys } from './keys.ts';

type AppList = { apps: AppView[] };

/** Beyond this many changed apps the whole list is asked for instead of each. */
const SINGLE_APPS_MAX = 8;

export async function refreshChanged(client: QueryClient, changes: readonly ChangeEvent[]): Promise<void> {
  await Promise.all([
    client.invalidateQueries({
      predicate: ({ queryKey, state }) => changes.some((change) => concerns(change, queryKey, state.data)),
    }),
    refreshList(client, [...new Set(changes.map((change) => change.appId))]),
  ]);
}

/** Figures on show are asked for again; what an app says of its last minutes too. */
export async function refreshTraffic(client: QueryClient, appIds: readonly string[]): Promise<void> {
  await client.invalidateQueries({
    predicate: ({ queryKey, state }) =>
      (queryKey[0] === 'traffic' && appIds.includes(String(queryKey[1]))) ||
      (queryKey[0] === 'app' && appIds.includes((state.data as AppView | undefined)?.id ?? '')),
  });
}

/** It was looked again at what instances use: apps and figures on show are asked for again. */
export async function refreshUsage(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'usage' || queryKey[0] === 'app' });
}

/** After a gap nobody knows what was missed. */
export async function refreshAll(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
}

/** A list that is on show gets the changed apps put in their places, so that its length costs nothing. */
async function refreshList(client: QueryClient, appIds: readonly string[]): Promise<void> {
  const list = client.getQueryCache().find({ queryKey: keys.apps });
  const settled = list?.isActive() && list.state.fetchStatus === 'idle' && list.state.data !== undefined;
  if (!settled || appIds.length > SINGLE_APPS_MAX) return client.invalidateQueries({ queryKey: keys.apps });
  const found = await Promise.all(appIds.map(async (id) => [id, await findApp(id)] as const));
  client.setQueryData<AppList>(keys.apps, (old) => old && { apps: found.reduce(place, old.apps) });
}

async function findApp(id: string): Promise<AppView | null> {
  try {
    return await get(paths.app(id), appSchema);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function place(apps: AppView[], [id, app]: readonly [string, AppView | null]): AppView[] {
  if (app === null) return apps.filter((other) => other.id !== id);
  if (!apps.some((other) => other.id === id)) return [...apps, app];
  return apps.map((other) => (other.id === id ? app : other));
}
