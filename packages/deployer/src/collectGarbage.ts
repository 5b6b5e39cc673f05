/** Removes what the database does not need any more: images of old releases, and at start whatever crashes left behind. */
import { disposableImages, isTealError } from '@teal/core';
import type { Context } from './context.ts';
import type { HeldLease } from './leaseKeeper.ts';

/** Images of one app that no kept release needs. */
export async function collectImages({ lease, context: { store, engine } }: HeldLease): Promise<void> {
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

/**
 * What no app in the database owns: images, instances, networks, folders, repositories, routes. Each list is read before the
 * rows that explain it, and every row is written before what it explains, so that nothing new can look like a leftover.
 */
export async function collectStrays(context: Context, { everyImage }: { everyImage: boolean }): Promise<void> {
  const { store, engine, router, source, log } = context;
  await collectStrayImages(context, everyImage);
  const [instances, kept, routed, repositories] = [
    await engine.list(),
    await engine.listApps(),
    await router.listApps(),
    await source.list(),
  ];
  const appIds = new Set(await store.apps.ids());
  const isStray = (appId: string) => !appIds.has(appId);
  for (const { appId, ref } of instances) {
    if (!isStray(appId)) continue;
    log.info({ appId, ref }, 'removing an instance that no app owns');
    await engine.stop(ref, { graceMs: 0 });
  }
  for (const appId of routed.filter(isStray)) await router.removeApp(appId);
  for (const appId of kept.filter(isStray)) await engine.removeApp(appId);
  for (const appId of repositories.filter(isStray)) await source.remove(appId);
  const without = [...appIds].filter((appId) => !repositories.includes(appId));
  for (const appId of without) await completeApp(context, appId);
}

/** Whoever created it broke off after its row. */
async function completeApp({ store, source, log }: Context, appId: string): Promise<void> {
  if (await store.apps.isDeleting(appId)) return;
  log.info({ appId }, 'making the repository of an app that has none');
  await source.create(appId);
}

/** A build that runs has an image before it has its row; while one runs nobody can tell it from a leftover. */
async function collectStrayImages({ store, engine, log }: Context, everyImage: boolean): Promise<void> {
  const refs = await engine.listImages();
  // As many as there should be: then it is not worth a question per app.
  if (!everyImage && refs.length === (await store.census.take()).images) return;
  for (const appId of await store.deployments.appsWithWork())
    if ((await store.deployments.active(appId))?.state === 'building') return;
  const known = new Set<string>();
  for (const appId of await store.apps.ids()) for (const image of await store.images.list(appId)) known.add(image.ref);
  for (const ref of refs) {
    if (known.has(ref)) continue;
    log.info({ ref }, 'removing an image that no app owns');
    await engine.removeImage(ref);
  }
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
