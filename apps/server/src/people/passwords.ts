/** Hashes and checks passwords with argon2id, a few at once: each takes 19 MiB and a core. */
import { hash, verify } from '@node-rs/argon2';
import { TealError } from '@teal/core';

/** OWASP's first choice for argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const AT_ONCE = 2;
/** Beyond these the answer is "overloaded" at once: some seconds of work. */
const WAITING_MAX = 64;
const SHORTEST = 10;

export interface Passwords {
  /** Throws `password_unfit`, `overloaded`. */
  hash(password: string): Promise<string>;
  /** Takes as long for `hash` null (nobody, or no password) as for a wrong password. Throws `overloaded`. */
  fits(hash: string | null, password: string): Promise<boolean>;
}

/** The same characters, typed on another system, are the same password. */
const canonical = (password: string) => password.normalize('NFKC');

export function createPasswords(): Passwords {
  const inTurn = createTurns();
  let dummy: Promise<string> | null = null;
  return {
    async hash(password) {
      const text = canonical(password);
      if ([...text].length < SHORTEST)
        throw new TealError('password_unfit', { detail: `it has fewer than ${SHORTEST} characters` });
      if (new Set(text).size < 4) throw new TealError('password_unfit', { detail: 'it repeats itself' });
      return inTurn(() => hash(text, COST));
    },
    async fits(known, password) {
      dummy ??= hash('nobody has this password', COST);
      const against = known ?? (await dummy);
      const fits = await inTurn(() => verify(against, canonical(password)));
      return fits && known !== null;
    },
  };
}

function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING_MAX) throw new TealError('overloaded');
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
