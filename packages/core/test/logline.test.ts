import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, LINE_MAX_CHARACTERS, plainLine } from '../src/index.ts';

const RED = '\u001b[31m';
const OFF = '\u001b[0m';

describe('a log line', () => {
  it.each([
    ['keeps plain text', 'naïve → ok 日本 🟢\ttab', 'naïve → ok 日本 🟢\ttab'],
    ['keeps colours and ends them', `${RED}red`, `${RED}red${OFF}`],
    ['keeps colours that end', `${RED}red${OFF}`, `${RED}red${OFF}`],
    ['loses cursor movements', 'a\u001b[2J\u001b[1;1Hb\u001b[?25lc', 'abc'],
    ['loses a window title', 'a\u001b]0;evil\u0007b', 'ab'],
    ['loses a link that ends with ST', 'a\u001b]8;;http://x\u001b\\b', 'ab'],
    ['loses an unfinished window title', 'a\u001b]0;evil', 'a'],
    ['loses device control strings', 'a\u001bPq#0\u001b\\b\u001b_x\u001b\\c', 'abc'],
    ['loses one-byte escapes', 'a\u009b2Jb\u0090c\u009d0;x', 'a2Jbc0;x'],
    ['loses a reset of the terminal', 'a\u001bcb\u001b(0c', 'abc'],
    ['loses an escape at its end', 'a\u001b', 'a'],
    ['loses a colour cut by another escape', `\u001b${RED}x`, `${RED}x${OFF}`],
    ['loses a colour hidden behind a control character', '\u001b[3\u00001mx', '1mx'],
    ['loses bells, backspaces and NULs', 'a\u0007b\u0008c\u0000d\u007f', 'abcd'],
    ['loses bidirectional overrides', 'a\u202eb\u2066c\u2069', 'abc'],
    ['shows what was written last over a carriage return', '10%\r50%\r100%', '100%'],
    ['keeps its text before the line end', 'done\r\n', 'done'],
    ['stays one line', 'a\nb', 'a b'],
    ['is text that UTF-8 can hold', 'a\ud83db', 'a\ufffdb'],
  ])('%s', (_what, dirty, clean) => {
    expect(cleanLine(dirty)).toBe(clean);
  });

  it('is cut when overlong, never through a character', () => {
    expect(cleanLine('x'.repeat(LINE_MAX_CHARACTERS))).toHaveLength(LINE_MAX_CHARACTERS);
    const cut = cleanLine(`x${'🟢'.repeat(LINE_MAX_CHARACTERS)}`);
    expect(cut.length).toBeLessThan(LINE_MAX_CHARACTERS + 20);
    expect(cut).toMatch(/ … \(cut\)$/);
    expect(cut.isWellFormed()).toBe(true);
  });

  it('is quick on hostile text', () => {
    const started = performance.now();
    for (const part of ['\u001b', '\u001b]', '\u001b[', '\u001b[;', '\u001bP', '\r', RED])
      cleanLine(part.repeat(2_000_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('holds nothing that moves a terminal, whatever came in', () => {
    const parts = [
      '\u001b',
      '[',
      ']',
      '0',
      ';',
      'm',
      'H',
      '\u0007',
      '\\',
      'P',
      '\u0000',
      '\u009b',
      'x',
      '?',
      ' ',
      '\r',
      '\n',
    ];
    const hostile = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string()), { maxLength: 60 });
    fc.assert(
      fc.property(hostile, (pieces) => {
        const clean = cleanLine(pieces.join(''));
        expect(clean.replace(/\u001b\[[0-9;]*m/g, '')).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
        expect(cleanLine(clean)).toBe(clean);
        expect(plainLine(clean)).not.toContain('\u001b');
      }),
      { numRuns: 500 },
    );
  });
});
