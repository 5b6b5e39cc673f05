import { describe, expect, it } from 'vitest';
import { factWords } from '../src/view/facts.ts';

describe('facts of a deed in words', () => {
  it('says what was there before and after, and leaves out what is not', () => {
    expect(factWords({ expiresAt: null, unset: [], set: ['A', 'B'], gateDeadlineMs: { before: 1, after: 2 } })).toEqual(
      ['set: A, B', 'gate deadline ms: 1 → 2'],
    );
  });

  it('shortens commits, and says that there was none', () => {
    expect(factWords({ refs: `${'0'.repeat(40)} → ${'a'.repeat(40)}` })).toEqual(['refs: nothing → aaaaaaa']);
  });

  it('cuts what is endless', () => {
    expect(factWords({ name: 'x'.repeat(500) })[0]?.length).toBeLessThan(140);
  });
});
