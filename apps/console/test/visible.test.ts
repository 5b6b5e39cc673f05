import { expect, it } from 'vitest';
import { visibleText } from '../src/view/visible.ts';

it('shows what would hide, reorder or act', () => {
  expect(visibleText('a\u0000b\u001b]c\u007f')).toBe('a‹U+0000›b‹U+001B›]c‹U+007F›');
  expect(visibleText('\u202Egnp.exe\u202C \u2066x\u2069 z\u200Bw')).toBe(
    '‹U+202E›gnp.exe‹U+202C› ‹U+2066›x‹U+2069› z‹U+200B›w',
  );
});

it('leaves ordinary text, tabs, line ends and foreign scripts as they are', () => {
  const text = 'tab\tline\nünïcödé שלום 你好 👩‍👩‍👧 <b>&amp;';
  expect(visibleText(text)).toBe(text);
});

it('misses none of the marks that reorder text', () => {
  for (const mark of '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069') {
    expect(visibleText(mark)).toMatch(/^‹U\+[0-9A-F]{4}›$/);
  }
});
