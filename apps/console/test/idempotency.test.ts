import { expect, it } from 'vitest';
import { newIdempotencyKey } from '../src/api/idempotency.ts';

it('makes a UUID v4 where a page has no secure context', () => {
  const insecure = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  const made = Array.from({ length: 50 }, () => newIdempotencyKey(insecure));
  for (const key of made) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(made.length);
});
