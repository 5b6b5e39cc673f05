import { describe, expect, it } from 'vitest';
import { parseAnsi } from '../src/view/ansi.ts';

const ESC = '\u001b';
const texts = (line: string) => parseAnsi(line).map((piece) => piece.text);
const only = (line: string) => {
  const pieces = parseAnsi(line);
  expect(pieces).toHaveLength(1);
  return pieces[0]?.style;
};

describe('the colours of a log line', () => {
  it('splits a line into pieces of one style', () => {
    expect(parseAnsi(`plain ${ESC}[31mred${ESC}[0m plain`).map(({ text, style }) => [text, style.colour])).toEqual([
      ['plain ', null],
      ['red', 'red'],
      [' plain', null],
    ]);
  });

  it('knows bright colours, grounds and attributes, and takes each back', () => {
    expect(only(`${ESC}[1;94;43mx`)).toMatchObject({ colour: 'blue', ground: 'yellow', bold: true });
    expect(only(`${ESC}[1;2;3;4;31;41m${ESC}[22;23;24;39;49mx`)).toEqual(only('x'));
    expect(only(`${ESC}[31m${ESC}[mx`)).toEqual(only('x'));
  });

  it('brings 256 colours and true colour to the eight, and reads on after them', () => {
    expect(only(`${ESC}[38;5;196;1mx`)).toMatchObject({ colour: 'red', bold: true });
    expect(only(`${ESC}[38;2;20;200;30;4mx`)).toMatchObject({ colour: 'green', underline: true });
    expect(only(`${ESC}[48;5;12mx`)).toMatchObject({ ground: 'blue' });
    expect(only(`${ESC}[38;5;9mx`)).toMatchObject({ colour: 'red' });
  });

  it('shows concealed text', () => {
    expect(texts(`${ESC}[8msecret`)).toEqual(['secret']);
  });

  it('takes out links, titles, cursor movements and unfinished sequences, and keeps their text', () => {
    expect(texts(`${ESC}]8;;http://evil.example\u0007click${ESC}]8;;${ESC}\\ here`).join('')).toBe('click here');
    expect(texts(`${ESC}]0;title\u0007a${ESC}[2J${ESC}[10;5Hb${ESC}(Bc`).join('')).toBe('abc');
    expect(texts(`a${ESC}`).join('')).toBe('a');
    expect(texts(`a${ESC}[38;5`).join('')).toBe('a');
  });

  it('shows bidirectional overrides by their number, and markup as it is', () => {
    expect(texts('a\u202Eb <script>')).toEqual(['a‹U+202E›b <script>']);
  });

  it('reads a long line of sequences without stalling', () => {
    const line = `${ESC}[31mx`.repeat(20_000) + `${ESC}]`.repeat(20_000) + '\u001b['.repeat(20_000);
    const before = performance.now();
    parseAnsi(line);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
