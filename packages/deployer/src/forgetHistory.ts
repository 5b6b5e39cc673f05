/** Forgets deployments of an app that are older than what is kept, and logs somewhat sooner. Starts and stops nothing. */
import { keptReleases } from '@teal/core';
import type { HeldLease } from './leaseKeeper.ts';

/** Between two of them others get their turn at the database. */
const BATCH = 200;

export async function forgetHistory({ lease, context: { store, settings, log } }: HeldLease): Promise<void> {
  const app = await store.apps.get(lease.appId);
  if (app === null) return;
  const kept = [...keptReleases(await store.releases.list(app.id), app.liveReleaseId)];
  let deployments = 0;
  for (;;) {
    const forgotten = await store.deployments.forget(lease, { ...settings.retention, kept, limit: BATCH });
    deployments += forgotten;
    if (forgotten < BATCH) break;
  }
  if (deployments > 0) log.info({ appId: app.id, deployments }, 'old deployments are forgotten');
}
