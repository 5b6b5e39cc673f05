/** What can go wrong with the embedded PostgreSQL, as the platform's own error. */
import { TealError } from '@teal/core';

/** `detail` completes "PostgreSQL does not answer: …" and says what to do. */
export function trouble(detail: string, cause?: unknown): TealError {
  return new TealError('database_unavailable', { detail }, { cause });
}
