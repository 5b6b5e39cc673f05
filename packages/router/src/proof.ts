/** Tells a proof request from others, in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** A test for the per-start secret; an empty secret matches nothing. */
export function proofTest(secret: string): (given: string | null) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(secret);
  return (given) => given !== null && secret !== '' && timingSafeEqual(digest(given), expected);
}
