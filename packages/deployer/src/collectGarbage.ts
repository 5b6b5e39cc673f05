/** Removes what the database does not need any more: images of old releases, and at start whatever crashes left behind. */
import { disposableImages, isTealError } from '@teal/core';
import type { Context } from './context.ts';
import type { HeldLease } from './leaseKeeper.ts';

/** Images of one app that no kept release needs. */
export async function collectImages(
  { store, engine }: Pick<Context, 'store' | 'engine'>,
  { lease }: HeldLease,
): Promise<void> {
  const app = await store.apps.get(lease.appId);
  if (app === null) return;
  const [releases, instances, active, images] = await Promise.all([
    store.releases.list(app.id),
    store.instances.list(app.id),
    store.deployments.active(app.id),
    store.images.list(app.id),
  ]);
  const disposable = new Set(
    disposableImages(
      { app, releases, instances, active },
      images.map((image) => image.id),
    ),
  );
  for (const image of images) {
    if (!disposable.has(image.id)) continue;
    await engine.removeImage(image.ref);
    await store.images.remove(lease, image.id);
  }
}

/** What no app in the database owns: images, networks, folders, repositories. Only before any worker has begun. */
export async function collectStrays({ store, engine, source, log }: Context): Promise<void> {
  const appIds = new Set(await store.apps.ids());
  const known = new Set<string>();
  for (const appId of appIds) for (const image of await store.images.list(appId)) known.add(image.ref);
  for (const ref of await engine.listImages()) {
    if (known.has(ref)) continue;
    log.info({ ref }, 'removing an image that no app owns');
    await engine.removeImage(ref);
  }
  for (const instance of await engine.list()) {
    if (!appIds.has(instance.appId)) await engine.stop(instance.ref, { graceMs: 0 });
  }
  for (const appId of await engine.listApps()) if (!appIds.has(appId)) await engine.removeApp(appId);
  for (const appId of await source.list()) if (!appIds.has(appId)) await source.remove(appId);
}

/** Confirms or drops pushes whose post-receive never came, by what the repository says. */
export async function settlePushes(context: Context, confirm: (pushId: string) => Promise<unknown>): Promise<void> {
  const { store, source, clock, log } = context;
  for (const push of await store.pushes.listProvisional()) {
    const { command } = push;
    const landed = command !== null && (await source.landed(push.appId, command.ref, command.newCommit));
    if (landed) {
      log.info({ pushId: push.id, appId: push.appId }, 'confirming a push that landed while nobody listened');
      await confirm(push.id).catch((error) => {
        if (!isTealError(error)) throw error;
        log.warn({ pushId: push.id, err: error }, 'a landed push could not be confirmed');
      });
    } else if (clock.now().getTime() - push.createdAt.getTime() > PROVISIONAL_MS) {
      await store.pushes.drop(push.id);
    }
  }
}

/** git moves the ref within moments of the accepting hook; after this it never will. */
const PROVISIONAL_MS = 10 * 60_000;
