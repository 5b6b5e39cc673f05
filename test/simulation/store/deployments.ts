/** Deployments of the memory store: asked for, moved along the table of core, ended. */
import { type Deployment, type DeploymentEvent, isTerminal, shortCommit, TealError, transition } from '@teal/core';
import type { Advance, DeploymentRequest, Deployments, Lease, NewMail } from '@teal/deployer';
import { clean, type Database, rowsOf } from './database.ts';
import { forget } from './history.ts';

const ACTIVE = ['building', 'starting', 'probing', 'switching'];
const SUPERSEDED = ['push', 'redeploy', 'platform-update'];

interface Step {
  event: DeploymentEvent;
  change?: Partial<Deployment>;
  despiteCancel?: boolean;
}

function find(db: Database, appId: string, id: string): Deployment {
  const row = db.tables.deployments.get(id);
  if (row === undefined || row.appId !== appId) throw new TealError('deployment_not_found', { id });
  return row;
}

export function put(db: Database, row: Deployment): Deployment {
  db.put(db.tables.deployments, row.id, row);
  db.emit({ kind: 'deployment', appId: row.appId, deploymentId: row.id });
  return row;
}

function move(db: Database, row: Deployment, { event, change = {}, despiteCancel = false }: Step): Deployment | null {
  const state = transition(row.state, event);
  if (state === null || (db.tables.cancelRequested.has(row.id) && !despiteCancel)) return null;
  const others = rowsOf(db.tables.deployments, row.appId).filter(({ id }) => id !== row.id);
  if (ACTIVE.includes(state) && others.some((other) => ACTIVE.includes(other.state)))
    throw new Error('deployments_one_active');
  if (state === 'live' && others.some((other) => other.state === 'live')) throw new Error('deployments_one_live');
  return put(db, { ...row, ...change, state, attempts: 1, times: { ...row.times, [state]: db.now() } });
}

function mustMove(db: Database, row: Deployment, step: Step): Deployment {
  const moved = move(db, row, { ...step, despiteCancel: true });
  if (moved === null) throw new Error(`deployment ${row.id} in state ${row.state} does not take "${step.event}"`);
  return moved;
}

/** What a newer request does to older deployments of the same app. */
export function supersede(db: Database, newer: Deployment): void {
  if (newer.trigger === 'platform-update') return;
  const isPush = newer.trigger === 'push' || newer.trigger === 'redeploy';
  const commit = shortCommit(newer.commit.commit);
  const reason = isPush ? `superseded by ${commit}` : `superseded: ${newer.requestedBy} asked for ${commit}`;
  const older = rowsOf(db.tables.deployments, newer.appId).filter(
    ({ sequence, trigger }) => sequence < newer.sequence && SUPERSEDED.includes(trigger),
  );
  endUnfinished(
    db,
    older.filter(({ state }) => state !== 'switching'),
    reason,
  );
}

/** Queued ones end at once, a running one is told to. */
export function endUnfinished(db: Database, rows: readonly Deployment[], reason: string): void {
  for (const row of rows)
    if (row.state === 'queued') mustMove(db, row, { event: 'cancelled', change: { cancelReason: reason } });
    else if (row.state === 'switching') tellToStop(db, row, reason);
    else askToCancel(db, row, reason);
}

/** False when it is too late, or was asked for before. */
function askToCancel(db: Database, row: Deployment, reason: string): boolean {
  if (transition(row.state, 'cancelled') === null || db.tables.cancelRequested.has(row.id)) return false;
  tellToStop(db, row, reason);
  return true;
}

function tellToStop(db: Database, row: Deployment, reason: string): void {
  db.put(db.tables.deployments, row.id, { ...row, cancelReason: reason });
  db.mark(db.tables.cancelRequested, row.id);
  db.emit({ kind: 'cancel', appId: row.appId, deploymentId: row.id });
}

function request(db: Database, wanted: DeploymentRequest): { deployment: Deployment; joined: boolean } {
  const app = db.app(wanted.appId);
  if (db.tables.deleting.has(app.id)) throw new TealError('app_not_found', { name: app.id });
  const rows = rowsOf(db.tables.deployments, wanted.appId);
  const same = rows.find(
    (row) =>
      !isTerminal(row.state) &&
      (row.trigger === 'revive' || row.trigger === 'start') &&
      row.releaseId === wanted.releaseId &&
      !db.tables.cancelRequested.has(row.id),
  );
  if (wanted.releaseId !== null && same !== undefined) return { deployment: same, joined: true };
  const live = rows.find((row) => row.state === 'live')?.id ?? null;
  if (wanted.expectedLive !== undefined && wanted.expectedLive !== live)
    throw new TealError('live_changed', { live: live ?? 'nothing', liveDeploymentId: live ?? '' });
  const deployment = put(db, { ...newDeployment(db, wanted), sequence: db.nextSequence() });
  const waits = wanted.trigger === 'redeploy' && app.settings.newerPush === 'wait';
  if (!waits) supersede(db, deployment);
  return { deployment, joined: false };
}

export function newDeployment(
  db: Database,
  { id, appId, trigger, commit, branch, requestedBy, releaseId }: DeploymentRequest,
): Deployment {
  const now = db.now();
  return {
    id,
    appId,
    sequence: 0,
    trigger,
    state: 'queued',
    commit: clean(commit),
    branch,
    pushOptions: [],
    requestedBy,
    releaseId,
    colour: null,
    failure: null,
    cancelReason: null,
    attempts: 0,
    releaseCommandAt: null,
    createdAt: now,
    times: { queued: now },
  };
}

function goLive(db: Database, { appId }: Lease, id: string): Deployment {
  const { tables } = db;
  const row = find(db, appId, id);
  if (transition(row.state, 'route-proven') === null)
    throw new Error(`deployment ${id} in state ${row.state} does not take "route-proven"`);
  const now = db.now();
  for (const live of rowsOf(tables.deployments, appId).filter(({ state }) => state === 'live'))
    mustMove(db, live, { event: 'replaced' });
  const moved = mustMove(db, row, { event: 'route-proven' });
  const before = tables.releases.get(db.app(appId).liveReleaseId ?? '');
  if (before !== undefined && before.id !== moved.releaseId)
    db.put(tables.releases, before.id, { ...before, retiredAt: now });
  const release = tables.releases.get(moved.releaseId ?? '');
  if (release !== undefined) db.put(tables.releases, release.id, { ...release, liveAt: now, retiredAt: null });
  db.changeApp(appId, { liveReleaseId: moved.releaseId, stopped: false });
  return moved;
}

function addMails(db: Database, appId: string, mails: readonly NewMail[]): void {
  const now = db.now();
  for (const mail of mails) {
    if (db.tables.outbox.has(mail.id)) continue;
    const waiting = {
      state: 'waiting',
      dueAtMs: now.getTime(),
      sentAtMs: null,
      sentIn: 0,
      inDigest: false,
      attempts: 0,
    } as const;
    db.put(db.tables.outbox, mail.id, { ...mail, facts: clean(mail.facts), appId, createdAt: now, ...waiting });
  }
}

const defined = ({ releaseId, colour }: Advance) => ({
  ...(releaseId === undefined ? {} : { releaseId }),
  ...(colour === undefined ? {} : { colour }),
});

export function memoryDeployments(db: Database): Deployments {
  const rows = (appId: string) => rowsOf(db.tables.deployments, appId).sort((a, b) => a.sequence - b.sequence);
  const under = async <T>(lease: Lease, id: string, work: (row: Deployment) => T): Promise<T> => {
    db.fence(lease);
    return work(find(db, lease.appId, id));
  };
  return {
    get: async (id) => db.tables.deployments.get(id) ?? null,
    find: async (appId, id) => rows(appId).find((row) => row.id === id) ?? null,
    list: async (appId, { limit, before }) =>
      rows(appId)
        .filter((row) => before === null || row.sequence < before)
        .reverse()
        .slice(0, limit),
    active: async (appId) => rows(appId).find((row) => ACTIVE.includes(row.state)) ?? null,
    next: async (appId) => rows(appId).find((row) => row.state === 'queued') ?? null,
    live: async (appId) => rows(appId).find((row) => row.state === 'live') ?? null,
    async appsWithWork() {
      const unfinished = [...db.tables.deployments.values()].filter((row) => !isTerminal(row.state));
      return [...new Set([...unfinished.map((row) => row.appId), ...db.tables.deleting])];
    },
    request: async (wanted) => request(db, wanted),
    advance: (lease, id, event, change = {}) =>
      under(lease, id, (row) => move(db, row, { event, change: defined(change) })),
    attempt: (lease, id, by) => under(lease, id, (row) => put(db, { ...row, attempts: row.attempts + by }).attempts),
    releaseCommandDone: (lease, id) => under(lease, id, (row) => put(db, { ...row, releaseCommandAt: db.now() })),
    async goLive(lease, id) {
      db.fence(lease);
      return goLive(db, lease, id);
    },
    fail: (lease, id, failure, mails) =>
      under(lease, id, (row) => {
        const failed = mustMove(db, row, { event: 'failed', change: { failure: clean(failure) } });
        addMails(db, lease.appId, mails);
        return failed;
      }),
    cancelled: (lease, id) => under(lease, id, (row) => mustMove(db, row, { event: 'cancelled' })),
    async forget(lease, retention) {
      db.fence(lease);
      return forget(db, lease.appId, retention);
    },
    async requestCancel(appId, id, reason) {
      const row = find(db, appId, id);
      if (row.state === 'queued')
        return move(db, row, { event: 'cancelled', change: { cancelReason: reason }, despiteCancel: true }) !== null;
      return transition(row.state, 'cancelled') !== null && (askToCancel(db, row, reason) || true);
    },
    async cancelRequested(id) {
      return db.tables.cancelRequested.has(id) ? (db.tables.deployments.get(id)?.cancelReason ?? null) : null;
    },
  };
}
