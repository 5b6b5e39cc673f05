/** Leases, logs, mails, reservations and figures of the memory store. */
import { addTraffic, type DeploymentState, type InstanceState, isTerminal, type TrafficMinute } from '@teal/core';
import type { Census, Leases, Logs, Outbox, Recipients, Reservations, Traffic } from '@teal/deployer';
import { clean, type Database, type LeaseRow, type MailRow } from './database.ts';

export function memoryLeases(db: Database): Leases {
  const nowMs = () => db.now().getTime();
  const isHeld = (row: LeaseRow | undefined, token: number) => row?.token === token && row.expiresAtMs > nowMs();
  return {
    async acquire(appId, holder, ttlMs) {
      const row = db.tables.leases.get(appId);
      if (row !== undefined && row.holder !== holder && row.expiresAtMs > nowMs()) return null;
      const token = (row?.token ?? 0) + 1;
      db.put(db.tables.leases, appId, { holder, token, expiresAtMs: nowMs() + ttlMs });
      return { appId, token };
    },
    async renew({ appId, token }, ttlMs) {
      const row = db.tables.leases.get(appId);
      if (row === undefined || !isHeld(row, token)) return false;
      db.put(db.tables.leases, appId, { ...row, expiresAtMs: nowMs() + ttlMs });
      return true;
    },
    async release({ appId, token }) {
      const row = db.tables.leases.get(appId);
      if (row?.token === token) db.put(db.tables.leases, appId, { ...row, expiresAtMs: 0 });
    },
    async drop(holderPrefix) {
      for (const [appId, row] of db.tables.leases)
        if (row.holder.startsWith(holderPrefix))
          db.put(db.tables.leases, appId, { ...row, token: row.token + 1, expiresAtMs: 0 });
    },
  };
}

/** Lines of one read, at most. */
const READ_LINES = 640;

export function memoryLogs(db: Database): Logs {
  const lines = (id: string) => db.tables.logs.get(id)?.lines ?? [];
  return {
    async append(deploymentId, added) {
      const last = added.at(-1);
      if (last === undefined || !db.tables.deployments.has(deploymentId)) return;
      const before = db.tables.logs.get(deploymentId);
      const written = clean([...added]);
      db.put(db.tables.logs, deploymentId, {
        lines: [...(before?.lines ?? []), ...written],
        sizeBytes: (before?.sizeBytes ?? 0) + JSON.stringify(written).length,
      });
      db.emit({ kind: 'log', deploymentId, sequence: last.sequence });
    },
    read: async (deploymentId, after) =>
      lines(deploymentId)
        .filter((line) => line.sequence > after)
        .slice(0, READ_LINES),
    tail: async (deploymentId, count) => lines(deploymentId).slice(-count),
    position: async (deploymentId) => ({
      sequence: lines(deploymentId).at(-1)?.sequence ?? 0,
      sizeBytes: db.tables.logs.get(deploymentId)?.sizeBytes ?? 0,
    }),
  };
}

export function memoryOutbox(db: Database): Outbox {
  const change = (ids: readonly string[], to: (row: MailRow) => Partial<MailRow>) => {
    for (const id of ids) {
      const row = db.tables.outbox.get(id);
      if (row !== undefined) db.put(db.tables.outbox, id, { ...row, ...to(row) });
    }
  };
  const waiting = () =>
    [...db.tables.outbox.values()].filter(({ state }) => state === 'waiting').sort((a, b) => a.dueAtMs - b.dueAtMs);
  return {
    async due() {
      const due = waiting().filter(({ dueAtMs }) => dueAtMs <= db.now().getTime());
      const group = due.filter((row) => row.appId === due[0]?.appId && row.recipient === due[0]?.recipient);
      return group.length === 0 ? null : group;
    },
    async sentSince(appId, recipient, since) {
      const sent = [...db.tables.outbox.values()].filter(
        (row) =>
          row.state === 'sent' &&
          row.appId === appId &&
          row.recipient === recipient &&
          (row.sentAtMs ?? 0) > since.getTime(),
      );
      const digests = new Set(sent.filter((row) => row.inDigest).map((row) => row.sentIn));
      return { single: sent.filter((row) => !row.inDigest).length, digests: digests.size };
    },
    async markSent(ids, { inDigest }) {
      const sentIn = db.nextSequence();
      change(ids, () => ({ state: 'sent', sentAtMs: db.now().getTime(), sentIn, inDigest }));
    },
    async postpone(ids, until, error) {
      change(ids, (row) =>
        row.state === 'waiting' ? { dueAtMs: until.getTime(), attempts: row.attempts + (error === null ? 0 : 1) } : {},
      );
    },
    async nextDueMs() {
      const [first] = waiting();
      return first === undefined ? null : Math.max(0, Math.ceil(first.dueAtMs - db.now().getTime()));
    },
    async purge(before) {
      for (const [id, row] of db.tables.outbox)
        if (row.state === 'sent' && (row.sentAtMs ?? 0) < before.getTime()) db.drop(db.tables.outbox, id);
    },
  };
}

export function memoryRecipients(db: Database): Recipients {
  return {
    ofFailures: async (appId) => [...(db.tables.members.get(db.tables.apps.get(appId)?.organisationId ?? '') ?? [])],
  };
}

export function memoryReservations(db: Database): Reservations {
  return {
    async reserve(kind, ownerId, candidates) {
      const rows = [...db.tables.reservations.values()].filter((row) => row.kind === kind);
      const mine = rows.find((row) => row.ownerId === ownerId);
      if (mine !== undefined) return mine.value;
      const value = candidates.find((candidate) => rows.every((row) => row.value !== candidate)) ?? null;
      if (value !== null) db.put(db.tables.reservations, `${kind} ${ownerId}`, { kind, value, ownerId });
      return value;
    },
    async release(kind, ownerId) {
      db.drop(db.tables.reservations, `${kind} ${ownerId}`);
    },
    async list(kind) {
      const rows = [...db.tables.reservations.values()].filter((row) => row.kind === kind);
      return new Map(rows.map(({ ownerId, value }) => [ownerId, value]));
    },
  };
}

export function memoryTraffic(db: Database): Traffic {
  const keyOf = ({ appId, colour, minute }: TrafficMinute) => `${minute.getTime()} ${appId} ${colour}`;
  return {
    async add({ writer, number, minutes }) {
      if (minutes.length === 0 || (db.tables.writers.get(writer) ?? 0) >= number) return;
      db.put(db.tables.writers, writer, number);
      for (const minute of minutes.filter(({ appId }) => db.tables.apps.has(appId))) {
        const known = db.tables.traffic.get(keyOf(minute));
        const sum = known === undefined ? minute : { ...minute, ...addTraffic(known, minute) };
        db.put(db.tables.traffic, keyOf(minute), sum);
      }
    },
    read: async (appId, { from, to }) =>
      [...db.tables.traffic.values()]
        .filter((row) => row.appId === appId && row.minute >= from && row.minute < to)
        .sort((a, b) => a.minute.getTime() - b.minute.getTime()),
    async purge(before) {
      for (const [key, row] of db.tables.traffic) if (row.minute < before) db.drop(db.tables.traffic, key);
    },
  };
}

export function memoryCensus(db: Database): Census {
  const countBy = <K extends string>(kinds: readonly K[]) =>
    Object.fromEntries([...new Set(kinds)].map((kind) => [kind, kinds.filter((other) => other === kind).length]));
  return {
    async take() {
      const { tables } = db;
      const instances = [...tables.instances.values()].map(({ state }) => state).filter((state) => state !== 'off');
      const unfinished = [...tables.deployments.values()].map(({ state }) => state).filter((s) => !isTerminal(s));
      return {
        instances: countBy(instances) as Partial<Record<InstanceState, number>>,
        deployments: countBy(unfinished) as Partial<Record<DeploymentState, number>>,
        images: tables.images.size,
        apps: [...tables.apps.keys()].filter((id) => !tables.deleting.has(id)).length,
      };
    },
    appNames: async () =>
      new Map([...db.tables.apps.values()].filter(({ id }) => !db.tables.deleting.has(id)).map((a) => [a.id, a.name])),
  };
}
