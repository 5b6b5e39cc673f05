/** Removes an app: first from people's sight, then its traffic, instances, images, network, repository, rows. */
import { isTerminal } from '@teal/core';
import type { Context } from './context.ts';
import type { HeldLease } from './leaseKeeper.ts';
import type { WorkDeps } from './workDeps.ts';

/** Returns when nobody finds the app any more; the rest follows in the background. */
export async function deleteApp({ store, queue }: Context, appId: string): Promise<void> {
  await store.apps.markDeleting(appId);
  for (const deployment of await store.deployments.list(appId, { limit: 50, before: null })) {
    if (!isTerminal(deployment.state))
      await store.deployments.requestCancel(appId, deployment.id, 'the app was deleted');
  }
  await queue.appHasWork(appId);
}

/** The work itself; idempotent, so that a crash in the middle is mended by doing it again. */
export async function removeApp({ hooks }: Pick<WorkDeps, 'hooks'>, { lease, context }: HeldLease): Promise<void> {
  const { store, engine, router, source, log } = context;
  const { appId } = lease;
  await router.removeApp(appId);
  await hooks.endOf(appId);
  const running = (await engine.list()).filter((instance) => instance.appId === appId);
  await Promise.all(
    running.map((instance) => engine.stop(instance.ref, { graceMs: context.settings.timing.stopGraceMs })),
  );
  for (const image of await store.images.list(appId)) await engine.removeImage(image.ref);
  await engine.removeApp(appId);
  await source.remove(appId);
  await store.apps.remove(lease);
  log.info({ appId }, 'app deleted');
}
