/** The table of the attack list: what it reads out of the docs, and that a red test makes its cases red. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCases, resultOf } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');
const cases = readCases(readFileSync(join(ROOT, 'docs/security.md'), 'utf8'));

it('every case of the docs is there, in order, with tests that exist', () => {
  const numbers = cases.flatMap(({ name }) => {
    const [from = 0, to = from] = name.split(/[–,]\s*/).map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
  expect(numbers).toEqual(Array.from({ length: 61 }, (_, at) => at + 1));
  for (const { files } of cases)
    for (const file of files) expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
  expect(cases.filter(({ files }) => files.length > 0).length).toBeGreaterThan(40);
});

it('a case is as expected when its tests passed, and red when one of them did not', () => {
  const some = { name: '38', what: 'x', files: ['a.test.ts', 'b.test.ts'] };
  expect(resultOf(some, new Map([['a.test.ts', true]]))).toBe('as expected');
  expect(
    resultOf(
      some,
      new Map([
        ['a.test.ts', true],
        ['b.test.ts', false],
      ]),
    ),
  ).toBe('NOT AS EXPECTED');
  expect(resultOf(some, new Map([['c.test.ts', true]]))).toBe('not run');
  expect(resultOf({ ...some, files: [] }, new Map())).toBe('open');
});
