import { expect, it } from 'vitest';
import { findLines, plainFile } from '../src/view/search.ts';

const lines = ['GET / \u001b[32m200\u001b[0m', 'npm \u001b[31merr\u001b[0mor', 'nothing'].map((text) => ({ text }));
const textOf = ({ text }: { text: string }) => text;

it('finds what a reader sees, across colours and whatever the case', () => {
  expect(findLines(lines, 'ERROR', textOf)).toEqual([1]);
  expect(findLines(lines, 'n', textOf)).toEqual([1, 2]);
  expect(findLines(lines, '[31m', textOf)).toEqual([]);
});

it('finds nothing when nothing is searched', () => {
  expect(findLines(lines, '', textOf)).toEqual([]);
});

it('makes a file without colours', () => {
  expect(plainFile(lines, textOf)).toBe('GET / 200\nnpm error\nnothing\n');
});
