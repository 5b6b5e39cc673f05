/**
 * Holds apps' leases for this process and lets one effect at a time happen to an app. Decides nothing about apps.
 *
 * A lease keeps other processes away; the lock keeps the tasks of this process apart (a running deployment, the retiring of
 * an older release, an event of the engine). Whoever waits holds neither.
 */
import { TealError } from '@teal/core';
import type { Context } from './context.ts';
import { contextUnder, type EffectContext } from './effects.ts';
import type { Lease } from './ports/store.ts';

interface Grant {
  held: HeldLease;
  /** Ends the renewals. */
  end: AbortController;
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
  /** The ports for who acts: every call that changes something throws `lease_lost` once the lease may be another's. */
  context: EffectContext;
}

export interface LeaseKeeper {
  /** Runs `work` while this process holds the app's lease; shares it with other tasks. Throws `app_busy` when another process holds it. */
  hold<T>(appId: string, work: (held: HeldLease) => Promise<T>): Promise<T>;
  /** `hold`, and no other `exclusive` task of the same app at the same time. Not to be nested. */
  exclusive<T>(appId: string, work: (held: HeldLease) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Time since `begun` by the clock that says more: one is set forward with the database's, the other still counts when
 * somebody sets the time back.
 */
function stopwatch(clock: Context['clock']): () => number {
  const begunMs = clock.monotonicMs();
  const begunAt = clock.now().getTime();
  return () => Math.max(clock.monotonicMs() - begunMs, clock.now().getTime() - begunAt);
}

async function acquire(context: Context, appId: string): Promise<Grant> {
  const { store, clock, settings } = context;
  const ttlMs = settings.timing.leaseMs;
  // From before the question, so that this process never believes in it for longer than the database does.
  let sinceGranted = stopwatch(clock);
  const lease = await store.leases.acquire(appId, settings.holder, ttlMs);
  if (lease === null) throw new TealError('app_busy', { what: 'another worker holds it' });
  const lost = new AbortController();
  const end = new AbortController();
  const isOver = () => end.signal.aborted || lost.signal.aborted || sinceGranted() >= ttlMs;
  const renew = async () => {
    const sinceAsked = stopwatch(clock);
    try {
      if (await store.leases.renew(lease, ttlMs)) sinceGranted = sinceAsked;
      else lost.abort(new TealError('lease_lost'));
    } catch (cause) {
      // The database is away: the lease is good until its time is over, then it may be somebody else's.
      if (isOver()) lost.abort(new TealError('lease_lost', {}, { cause }));
    }
  };
  const keepRenewing = async () => {
    while (!isOver()) {
      await clock.sleep(ttlMs / 3, end.signal);
      if (!end.signal.aborted) void renew();
    }
    if (!end.signal.aborted) lost.abort(new TealError('lease_lost'));
  };
  void keepRenewing();
  return { end, held: { lease, lost: lost.signal, context: contextUnder(context, isOver) } };
}

export function createLeaseKeeper(context: Context): LeaseKeeper {
  const slots = new Map<string, Slot>();
  const tails = new Map<string, Promise<unknown>>();

  function enter(appId: string): Slot {
    const slot = slots.get(appId) ?? { users: 0, grant: acquire(context, appId) };
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
    grant.end.abort();
    // Not released in time it runs out by itself.
    await context.store.leases.release(grant.held.lease).catch(() => {});
  }

  async function hold<T>(appId: string, work: (held: HeldLease) => Promise<T>): Promise<T> {
    const slot = enter(appId);
    try {
      const { held } = await slot.grant;
      held.lost.throwIfAborted();
      return await work(held);
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
