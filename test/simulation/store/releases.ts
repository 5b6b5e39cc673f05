/** Releases, images, instances and pushes of the memory store. */
import { type Deployment, type DeploymentTrigger, type Instance, isCancellable } from '@teal/core';
import type { Images, Instances, Pushes, Releases } from '@teal/deployer';
import { clean, type Database, rowsOf } from './database.ts';
import { newDeployment, put, supersede } from './deployments.ts';

export function memoryReleases(db: Database): Releases {
  return {
    async create(lease, release) {
      db.fence(lease);
      const made = { ...release, ...clean({ releaseCommand: release.releaseCommand }), liveAt: null, retiredAt: null };
      return db.put(db.tables.releases, release.id, { ...made, appId: lease.appId, createdAt: db.now() });
    },
    get: async (id) => db.tables.releases.get(id) ?? null,
    list: async (appId) =>
      rowsOf(db.tables.releases, appId)
        .reverse()
        .sort((a, b) => (b.liveAt?.getTime() ?? -1) - (a.liveAt?.getTime() ?? -1))
        .slice(0, 50),
  };
}

export function memoryImages(db: Database): Images {
  const rows = (appId: string) => rowsOf(db.tables.images, appId);
  return {
    byKey: async (appId, key) => rows(appId).find((image) => image.key === key) ?? null,
    get: async (id) => db.tables.images.get(id) ?? null,
    list: async (appId) => rows(appId),
    async create(lease, image) {
      db.fence(lease);
      if (rows(image.appId).some(({ key }) => key === image.key)) throw new Error('images_app_id_key_key');
      return db.put(db.tables.images, image.id, { ...image, appId: lease.appId, createdAt: db.now() });
    },
    async replaceRef(lease, id, ref) {
      db.fence(lease);
      const image = db.tables.images.get(id);
      if (image?.appId === lease.appId) db.put(db.tables.images, id, { ...image, ref });
    },
    async remove(lease, id) {
      db.fence(lease);
      if (db.tables.images.get(id)?.appId === lease.appId) db.drop(db.tables.images, id);
    },
  };
}

export function memoryInstances(db: Database): Instances {
  return {
    list: async (appId) => rowsOf(db.tables.instances, appId).filter(({ state }) => state !== 'off'),
    async create(lease, instance) {
      db.fence(lease);
      const blank = { state: 'starting', ref: null, address: null, startedAt: null, asleepSince: null } as const;
      return db.put(db.tables.instances, instance.id, { ...instance, appId: lease.appId, ...blank });
    },
    async update(lease, id, change) {
      db.fence(lease);
      const row = db.tables.instances.get(id);
      if (row?.appId !== lease.appId) return;
      const given = Object.entries(change).filter(
        ([name, value]) => value !== undefined && (value !== null || name === 'asleepSince'),
      );
      db.put(db.tables.instances, id, { ...row, ...(Object.fromEntries(given) as Partial<Instance>) });
      db.emit({ kind: 'app', appId: lease.appId });
    },
  };
}

const BY_A_PERSON: readonly DeploymentTrigger[] = ['push', 'redeploy', 'revive', 'start'];

/** Something newer was accepted and confirmed before this push: it is history at once. */
function overtakenBy(db: Database, appId: string, sequence: number): string | null {
  const newer = rowsOf(db.tables.deployments, appId).filter((row) => row.sequence > sequence);
  if (newer.some(({ trigger }) => trigger === 'push')) return 'a newer push came first';
  const chosen = newer.some(({ trigger }) => BY_A_PERSON.includes(trigger));
  const stopped = (db.tables.stoppedAt.get(appId) ?? 0) > sequence;
  return chosen || stopped ? 'a person chose something else before it was confirmed' : null;
}

export function memoryPushes(db: Database): Pushes {
  const settle = (pushId: string, state: 'kept' | 'dropped') => {
    if (db.tables.pushStates.get(pushId) === 'provisional') db.put(db.tables.pushStates, pushId, state);
  };
  return {
    get: async (pushId) => db.tables.pushes.get(pushId) ?? null,
    async provisional(push) {
      db.app(push.appId);
      db.put(db.tables.pushStates, push.id, 'provisional');
      return db.put(db.tables.pushes, push.id, { ...clean(push), sequence: db.nextSequence(), createdAt: db.now() });
    },
    async confirm(pushId, deploymentId, facts) {
      const { tables } = db;
      if (tables.pushStates.get(pushId) !== 'provisional')
        return tables.deployments.get(tables.ofPush.get(pushId) ?? '') ?? null;
      db.put(tables.pushStates, pushId, 'confirmed');
      const push = tables.pushes.get(pushId);
      const app = push && tables.apps.get(push.appId);
      if (push === undefined || app === undefined || tables.deleting.has(app.id)) return null;
      db.changeApp(app.id, { deployBranch: app.deployBranch ?? push.branch });
      const cancelReason = overtakenBy(db, app.id, push.sequence);
      const state = cancelReason === null ? 'queued' : 'cancelled';
      const wanted = { id: deploymentId, appId: app.id, trigger: 'push', commit: facts, branch: push.branch } as const;
      const deployment: Deployment = put(db, {
        ...newDeployment(db, { ...wanted, requestedBy: push.pushedBy, releaseId: null }),
        sequence: push.sequence,
        pushOptions: push.options,
        state,
        cancelReason,
        times: { [state]: db.now() },
      });
      db.put(tables.ofPush, pushId, deploymentId);
      if (app.settings.newerPush === 'cancel' && isCancellable(state)) supersede(db, deployment);
      return deployment;
    },
    keep: async (pushId) => settle(pushId, 'kept'),
    drop: async (pushId) => settle(pushId, 'dropped'),
    listProvisional: async () =>
      [...db.tables.pushes.values()].filter(({ id }) => db.tables.pushStates.get(id) === 'provisional'),
  };
}
