/**
 * Counts failed sign-ins by address, and by account and address. No count is the account's alone: nobody who guesses at it
 * elsewhere can shut its owner out. An account under attack gives each new address fewer tries.
 */
import { TealError } from '@teal/core';
import { networkOf } from './network.ts';

const WINDOW_MS = 15 * 60_000;
/** Failures of one address at any accounts. */
const PER_ADDRESS = 30;
/** Failures of one address at one account. */
const PER_PAIR = 10;
/** Failures at one account from everywhere, above which each address has only … */
const ATTACKED = 50;
/** … this many. */
const PER_PAIR_ATTACKED = 3;
/** So many counters are kept; the oldest go first. */
const KEPT = 50_000;

interface Count {
  failures: number;
  endsAt: number;
}

export interface Attempts {
  /** Counts one beforehand, so that many at once count too. Throws `too_many_attempts`. */
  begin(address: string, account: string): void;
  /** It was not judged: it counts no more. */
  withdrawn(address: string, account: string): void;
  /** It was right: it counts no more, nor do earlier ones from there. */
  succeeded(address: string, account: string): void;
}

export function createAttempts(now: () => number = Date.now): Attempts {
  const counts = new Map<string, Count>();
  const of = (key: string): Count => {
    const known = counts.get(key);
    if (known !== undefined && known.endsAt > now()) return known;
    const fresh = { failures: 0, endsAt: now() + WINDOW_MS };
    counts.delete(key);
    counts.set(key, fresh);
    const [oldest] = counts.keys();
    if (counts.size > KEPT && oldest !== undefined) counts.delete(oldest);
    return fresh;
  };
  const keysOf = (given: string, account: string) => {
    const address = networkOf(given);
    return { address: `a ${address}`, account: `u ${account}`, pair: `p ${address} ${account}` };
  };
  return {
    begin(address, account) {
      const keys = keysOf(address, account);
      const [byAddress, byAccount, byPair] = [of(keys.address), of(keys.account), of(keys.pair)];
      const most = byAccount.failures >= ATTACKED ? PER_PAIR_ATTACKED : PER_PAIR;
      const full = byAddress.failures >= PER_ADDRESS ? byAddress : byPair.failures >= most ? byPair : null;
      if (full !== null)
        throw new TealError('too_many_attempts', { seconds: Math.max(1, Math.ceil((full.endsAt - now()) / 1000)) });
      for (const count of [byAddress, byAccount, byPair]) count.failures += 1;
    },
    withdrawn(address, account) {
      for (const key of Object.values(keysOf(address, account))) {
        const count = of(key);
        count.failures = Math.max(0, count.failures - 1);
      }
    },
    succeeded(address, account) {
      const keys = keysOf(address, account);
      const byAddress = of(keys.address);
      byAddress.failures = Math.max(0, byAddress.failures - of(keys.pair).failures);
      counts.delete(keys.pair);
    },
  };
}

const RESETS_AN_HOUR = 3;

/** At most so many reset mails an hour go to one person, whoever asks. */
export function createResetLimit(now: () => number = Date.now): (userId: string) => boolean {
  const sent = new Map<string, number[]>();
  return (userId) => {
    const recent = (sent.get(userId) ?? []).filter((at) => at > now() - 3_600_000);
    if (recent.length >= RESETS_AN_HOUR) return false;
    sent.set(userId, [...recent, now()]);
    return true;
  };
}
