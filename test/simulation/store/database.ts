/** The memory store's tables: rows are values that are replaced, never changed, so that a copy of the tables is cheap. */
import {
  type App,
  type Deployment,
  type Image,
  type Instance,
  type LogLine,
  type Release,
  TealError,
  type TrafficMinute,
} from '@teal/core';
import type { Lease, OutboxMail, Push, StoredCertificate, StoreEvent } from '@teal/deployer';

export interface LeaseRow {
  holder: string;
  token: number;
  expiresAtMs: number;
}

export interface MailRow extends OutboxMail {
  state: 'waiting' | 'sent';
  dueAtMs: number;
  sentAtMs: number | null;
  /** Tells one mail with several failures from several mails. */
  sentIn: number;
  inDigest: boolean;
}

export interface Tables {
  apps: Map<string, App>;
  deleting: Set<string>;
  /** App id → the place in the order of acceptance at which a person stopped it last. */
  stoppedAt: Map<string, number>;
  pages: Map<string, string>;
  certificates: Map<string, StoredCertificate & { organisationId: string | null; place: number }>;
  pushes: Map<string, Push>;
  pushStates: Map<string, 'provisional' | 'confirmed' | 'kept' | 'dropped'>;
  deployments: Map<string, Deployment>;
  /** Push id → the deployment it made. */
  ofPush: Map<string, string>;
  cancelRequested: Set<string>;
  releases: Map<string, Release>;
  images: Map<string, Image>;
  instances: Map<string, Instance>;
  leases: Map<string, LeaseRow>;
  logs: Map<string, { lines: readonly LogLine[]; sizeBytes: number }>;
  outbox: Map<string, MailRow>;
  reservations: Map<string, { kind: string; value: string; ownerId: string }>;
  traffic: Map<string, TrafficMinute>;
  writers: Map<string, number>;
  /** Organisation id → addresses that want failure mails. */
  members: Map<string, readonly string[]>;
}

function emptyTables(): Tables {
  return {
    apps: new Map(),
    deleting: new Set(),
    stoppedAt: new Map(),
    pages: new Map(),
    certificates: new Map(),
    pushes: new Map(),
    pushStates: new Map(),
    deployments: new Map(),
    ofPush: new Map(),
    cancelRequested: new Set(),
    releases: new Map(),
    images: new Map(),
    instances: new Map(),
    leases: new Map(),
    logs: new Map(),
    outbox: new Map(),
    reservations: new Map(),
    traffic: new Map(),
    writers: new Map(),
    members: new Map(),
  };
}

export function copyTables(tables: Tables): Tables {
  const copies = Object.entries(tables).map(([name, table]) => [
    name,
    table instanceof Set ? new Set(table) : new Map(table as Map<string, unknown>),
  ]);
  return Object.fromEntries(copies) as Tables;
}

export class Database {
  readonly now: () => Date;
  readonly emit: (event: StoreEvent) => void;
  tables = emptyTables();
  sequence = 0;
  /** Grows with every write. */
  version = 0;

  constructor(options: { now: () => Date; emit: (event: StoreEvent) => void }) {
    this.now = options.now;
    this.emit = options.emit;
  }

  nextSequence(): number {
    this.sequence += 1;
    return this.sequence;
  }

  put<V>(table: Map<string, V>, key: string, value: V): V {
    this.version += 1;
    table.set(key, value);
    return value;
  }

  drop(table: Map<string, unknown> | Set<string>, key: string): boolean {
    this.version += 1;
    return table.delete(key);
  }

  mark(table: Set<string>, key: string): void {
    this.version += 1;
    table.add(key);
  }

  /** As a transaction's share lock on the lease does it. */
  fence(lease: Lease): void {
    const row = this.tables.leases.get(lease.appId);
    if (row?.token !== lease.token || row.expiresAtMs <= this.now().getTime()) throw new TealError('lease_lost');
  }

  app(appId: string): App {
    const app = this.tables.apps.get(appId);
    if (app === undefined) throw new TealError('app_not_found', { name: appId });
    return app;
  }

  changeApp(appId: string, change: Partial<App>): App {
    const changed = this.put(this.tables.apps, appId, { ...this.app(appId), ...change });
    this.emit({ kind: 'app', appId });
    return changed;
  }
}

export function rowsOf<V extends { appId: string }>(table: Map<string, V>, appId: string): V[] {
  return [...table.values()].filter((row) => row.appId === appId);
}

/** Strangers' text as a database takes it: no NUL, no half surrogate pairs. */
export function clean<V>(value: V): V {
  if (typeof value === 'string') return value.replaceAll('\u0000', '\ufffd').toWellFormed() as V;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(clean) as V;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), clean(inner)])) as V;
}
