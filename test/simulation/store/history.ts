/** Forgetting of old deployments in the memory store. */
import { isTerminal } from '@teal/core';
import type { Deployments } from '@teal/deployer';
import { type Database, rowsOf } from './database.ts';

export function forget(
  db: Database,
  appId: string,
  { deployments, logs, kept, limit }: Parameters<Deployments['forget']>[1],
): number {
  const { tables } = db;
  const present = rowsOf(tables.instances, appId).filter(({ state }) => state !== 'off');
  const isKept = (id: string, releaseId: string | null) =>
    (releaseId !== null && kept.includes(releaseId)) ||
    present.some((instance) => instance.deploymentId === id || instance.releaseId === releaseId);
  const newestFirst = rowsOf(tables.deployments, appId).sort((a, b) => b.sequence - a.sequence);
  const olderThan = (count: number) =>
    newestFirst
      .slice(count)
      .filter((row) => isTerminal(row.state) && row.state !== 'live' && !isKept(row.id, row.releaseId))
      .reverse();
  const old = olderThan(deployments).slice(0, limit);
  for (const { id, releaseId } of old) {
    db.drop(tables.deployments, id);
    db.drop(tables.logs, id);
    db.drop(tables.cancelRequested, id);
    for (const [pushId, made] of tables.ofPush) if (made === id) dropPush(db, pushId);
    const isNeeded = rowsOf(tables.deployments, appId).some((row) => row.releaseId === releaseId);
    if (releaseId !== null && !isNeeded) db.drop(tables.releases, releaseId);
    for (const instance of rowsOf(tables.instances, appId))
      if (instance.deploymentId === id || (instance.releaseId === releaseId && !isNeeded))
        db.drop(tables.instances, instance.id);
  }
  for (const { id } of olderThan(logs)) if (tables.logs.has(id)) db.drop(tables.logs, id);
  return old.length;
}

function dropPush(db: Database, pushId: string): void {
  db.drop(db.tables.ofPush, pushId);
  db.drop(db.tables.pushes, pushId);
  db.drop(db.tables.pushStates, pushId);
}
