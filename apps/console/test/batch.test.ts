import { expect, it } from 'vitest';
import { inBatches } from '../src/api/batch.ts';

it('gathers what arrives while a batch is worked on, loses nothing, and survives a failure', async () => {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const taken = Promise.withResolvers<void>();
  const add = inBatches<number>((batch) => {
    batches.push(batch);
    if (batches.length === 2) return Promise.reject(new Error('refused'));
    if (batches.length === 3) taken.resolve();
    return new Promise((resolve) => ends.push(() => resolve(undefined)));
  });
  add(1);
  add(2);
  add(3);
  expect(batches).toEqual([[1]]);
  ends[0]?.();
  await expect.poll(() => batches.length).toBe(2);
  add(4);
  await taken.promise;
  expect(batches).toEqual([[1], [2, 3], [4]]);
});
