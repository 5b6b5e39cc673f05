/** Ports for time and chance, so that both can be steered in tests. */
import type { IdKind } from '@teal/core';

export interface Clock {
  now(): Date;
  /** Milliseconds since some moment, by a clock that nobody sets. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Aborts after `ms`; keeps no process alive. */
  timeout(ms: number): AbortSignal;
}

export interface Ids {
  /** `newId('app')` → `app_<uuid>` with a fresh UUID v4. */
  newId(kind: IdKind): string;
}
