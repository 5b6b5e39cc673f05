import { expect, it } from 'vitest';
import { appendBounded, appendNumbered, gatherLines } from '../src/api/linebuffer.ts';

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => ({ sequence: from + i }));

it('keeps every line once and in order when a stream begins again in the middle', () => {
  const log = appendNumbered(appendNumbered([], lines(1, 150)), [...lines(140, 160), ...lines(1, 170)]);
  expect(log).toEqual(lines(1, 170));
});

it('leaves an unchanged log untouched, so that it is not drawn again', () => {
  const log = appendNumbered([], lines(1, 20));
  expect(appendNumbered(log, lines(5, 9))).toBe(log);
});

it('keeps the newest of an endless stream', () => {
  expect(appendBounded(lines(1, 4), lines(5, 6), 3)).toEqual(lines(4, 6));
  expect(appendBounded(lines(1, 2), lines(3, 3), 3)).toEqual(lines(1, 3));
});

it('hands over what is left when a stream ends', () => {
  const taken: number[][] = [];
  const gathered = gatherLines<number>((batch) => taken.push(batch), 60_000);
  for (const line of [1, 2, 3]) gathered.add(line);
  expect(taken).toEqual([]);
  gathered.close();
  expect(taken).toEqual([[1, 2, 3]]);
});
