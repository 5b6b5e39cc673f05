/**
 * Holds apps' leases for this process and lets one effect at a time happen to an app. Decides nothing about apps.
 *
 * A lease keeps other processes away; the lock keeps the tasks of this process apart (a running deployment, the retiring of
 * an older release, an event of the engine). Whoever waits holds neither.
 */
import { TealError } from '@teal/core';
import type { Context } from './context.ts';
import type { Lease } from './ports/store.ts';

interface Grant {
  lease: Lease;
  lost: AbortController;
  renewal: NodeJS.Timeout;
}

/** `users` counts tasks of this process, from the moment they ask. */
interface Slot {
  users: number;
  grant: Promise<Grant>;
}

export interface HeldLease {
  lease: Lease;
  /** Aborts when the lease was lost. */
  lost: AbortSignal;
}

export interface LeaseKeeper {
  /** Runs `work` while this process holds the app's lease; shares it with other tasks. Throws `app_busy` when another process holds it. */
  hold<T>(appId: string, work: (held: HeldLease) => Promise<T>): Promise<T>;
  /** `hold`, and no other `exclusive` task of the same app at the same time. Not to be nested. */
  exclusive<T>(appId: string, work: (held: HeldLease) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createLeaseKeeper({
  store,
  clock,
  settings,
}: Pick<Context, 'store' | 'clock' | 'settings'>): LeaseKeeper {
  const slots = new Map<string, Slot>();
  const tails = new Map<string, Promise<unknown>>();
  const ttlMs = settings.timing.leaseMs;

  async function acquire(appId: string): Promise<Grant> {
    const lease = await store.leases.acquire(appId, settings.holder, ttlMs);
    if (lease === null) throw new TealError('app_busy', { what: 'another worker holds it' });
    const lost = new AbortController();
    let renewedAt = clock.now().getTime();
    const renew = async () => {
      try {
        if (await store.leases.renew(lease, ttlMs)) renewedAt = clock.now().getTime();
        else lost.abort(new TealError('lease_lost'));
      } catch (cause) {
        // The database is away: the lease is good until its time is over, then it may be somebody else's.
        if (clock.now().getTime() - renewedAt > ttlMs) lost.abort(new TealError('lease_lost', {}, { cause }));
      }
    };
    return { lease, lost, renewal: setInterval(renew, ttlMs / 3) };
  }

  function enter(appId: string): Slot {
    const slot = slots.get(appId) ?? { users: 0, grant: acquire(appId) };
    slots.set(appId, slot);
    slot.users += 1;
    return slot;
  }

  async function leave(appId: string, slot: Slot): Promise<void> {
    slot.users -= 1;
    if (slot.users > 0) return;
    slots.delete(appId);
    const grant = await slot.grant.catch(() => null);
    if (grant === null) return;
    clearInterval(grant.renewal);
    // Not released in time it runs out by itself.
    await store.leases.release(grant.lease).catch(() => {});
  }

  async function hold<T>(appId: string, work: (held: HeldLease) => Promise<T>): Promise<T> {
    const slot = enter(appId);
    try {
      const { lease, lost } = await slot.grant;
      lost.signal.throwIfAborted();
      return await work({ lease, lost: lost.signal });
    } finally {
      await leave(appId, slot);
    }
  }

  return {
    hold,
    exclusive(appId, work) {
      const before = tails.get(appId) ?? Promise.resolve();
      const turn = before.then(() => hold(appId, work));
      const tail = turn.catch(() => {});
      tails.set(appId, tail);
      tail.then(() => {
        if (tails.get(appId) === tail) tails.delete(appId);
      });
      return turn;
    },
    async close() {
      await Promise.all(tails.values());
    },
  };
}
