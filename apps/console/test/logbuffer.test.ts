import type { LogLineView } from '@teal/contracts';
import { expect, it } from 'vitest';
import { appendLines, BLOCK_LINES, EMPTY_LOG } from '../src/api/logbuffer.ts';

const lines = (from: number, to: number): LogLineView[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    sequence: from + i,
    at: 0,
    phase: 'building',
    source: 'build',
    text: `${from + i}`,
  }));

it('keeps every line once and in order when a stream begins again in the middle', () => {
  const log = appendLines(appendLines(EMPTY_LOG, lines(1, 150)), [...lines(140, 160), ...lines(1, 170)]);
  expect(log.blocks.flat().map((line) => line.sequence)).toEqual(lines(1, 170).map((line) => line.sequence));
  expect(log.count).toBe(170);
});

it('leaves full blocks and an unchanged log untouched, so that they are not drawn again', () => {
  const before = appendLines(EMPTY_LOG, lines(1, BLOCK_LINES + 10));
  const after = appendLines(before, lines(BLOCK_LINES + 11, 3 * BLOCK_LINES));
  expect(after.blocks[0]).toBe(before.blocks[0]);
  expect(after.blocks.map((block) => block.length)).toEqual([BLOCK_LINES, BLOCK_LINES, BLOCK_LINES]);
  expect(before.blocks.map((block) => block.length)).toEqual([BLOCK_LINES, 10]);
  expect(appendLines(after, lines(5, 9))).toBe(after);
});
