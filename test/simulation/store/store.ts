/** The store port in memory, on a {@link Database}; each call happens in one step. */
import type { Store, StoreEvent } from '@teal/deployer';
import { memoryApps, memoryCertificates, memoryDomains } from './apps.ts';
import { Database } from './database.ts';
import { memoryDeployments } from './deployments.ts';
import {
  memoryCensus,
  memoryLeases,
  memoryLogs,
  memoryOutbox,
  memoryRecipients,
  memoryReservations,
  memoryTraffic,
} from './records.ts';
import { memoryImages, memoryInstances, memoryPushes, memoryReleases } from './releases.ts';

export type StoreCalls = Omit<Store, 'bus'>;

export function storeOn(db: Database): StoreCalls {
  return {
    apps: memoryApps(db),
    domains: memoryDomains(db),
    certificates: memoryCertificates(db),
    pushes: memoryPushes(db),
    deployments: memoryDeployments(db),
    releases: memoryReleases(db),
    images: memoryImages(db),
    instances: memoryInstances(db),
    logs: memoryLogs(db),
    leases: memoryLeases(db),
    outbox: memoryOutbox(db),
    recipients: memoryRecipients(db),
    reservations: memoryReservations(db),
    traffic: memoryTraffic(db),
    census: memoryCensus(db),
  };
}

/** Two questions never get the same answer: PostgreSQL tells microseconds, by which rows are ordered. */
function growing(): () => Date {
  let last = 0;
  return () => {
    last = Math.max(Date.now(), last + 1);
    return new Date(last);
  };
}

/** A store of its own, with events told at once. */
export function openMemoryStore(now: () => Date = growing()): { store: Store; database: Database } {
  const listeners = new Set<(event: StoreEvent) => void>();
  const database = new Database({
    now,
    emit: (event) => {
      for (const listener of [...listeners]) listener(event);
    },
  });
  const bus: Store['bus'] = {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { store: { ...storeOn(database), bus }, database };
}
