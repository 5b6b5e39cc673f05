/** The route that an app's rows ask for, written to the router. Decides nothing: core says which it is. */
import { desiredRoute } from '@teal/core';
import type { Context } from './context.ts';

/** Written from the rows of now: an action before this one may have changed them. */
export async function setRoute(
  { context }: { context: Pick<Context, 'store' | 'router'> },
  appId: string,
): Promise<void> {
  const app = await context.store.apps.get(appId);
  if (app !== null) await context.router.setRoute(appId, desiredRoute(app, await context.store.instances.list(appId)));
}
