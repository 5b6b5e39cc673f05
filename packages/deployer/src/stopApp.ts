/** Stops an app as a person asked: no traffic, then nothing running. What is pushed or started later is live again. */
import { type App, isCancellable, routeOf, TealError } from '@teal/core';
import type { Context } from './context.ts';
import type { LeaseKeeper } from './leaseKeeper.ts';
import type { Retirement } from './retireReleases.ts';

/** Resolves when the app has no traffic any more. Throws `app_already_stopped`. */
export async function stopApp(
  { context, keeper, retirement }: { context: Context; keeper: LeaseKeeper; retirement: Retirement },
  app: App,
  requestedBy: string,
): Promise<void> {
  const { store } = context;
  if (app.stopped) throw new TealError('app_already_stopped');
  const reason = `${requestedBy} stopped the app`;
  for (const deployment of await store.deployments.list(app.id, { limit: 50, before: null })) {
    if (isCancellable(deployment.state)) {
      await store.deployments.requestCancel(app.id, deployment.id, reason);
    }
  }
  await keeper.exclusive(app.id, async ({ lease, context: acting }) => {
    // What was asked for since the look above ends with it.
    await store.apps.setStopped(lease, reason);
    const now = (await store.apps.get(app.id)) ?? app;
    await acting.router.setRoute(app.id, routeOf(now, { mode: 'stopped' }));
  });
  retirement.schedule(app.id);
}
