import { expect, it } from 'vitest';
import { formatClock, formatDuration, formatSpan } from '../src/view/time.ts';

it('writes durations as precisely as they matter', () => {
  expect([-5, 84, 999, 1_246, 42_190, 125_000, 3_725_000].map(formatDuration)).toEqual([
    '0 ms',
    '84 ms',
    '999 ms',
    '1.24 s',
    '42.1 s',
    '2 min 05 s',
    '1 h 02 min',
  ]);
});

it('writes spans in their largest unit', () => {
  expect([-1, 4_999, 12_000, 190_000, 7_300_000, 86_400_000, 500_000_000].map(formatSpan)).toEqual([
    'a moment',
    'a moment',
    '12 s',
    '3 min',
    '2 h',
    '1 day',
    '5 days',
  ]);
});

it('gives the date only when it is another day where the user is', () => {
  const now = new Date('2026-11-21T00:30:00Z');
  expect(formatClock('2026-11-20T23:30:00Z', now, 'UTC')).toBe('20 Nov, 23:30');
  expect(formatClock('2026-11-20T23:30:00Z', now, 'Europe/Berlin')).toBe('00:30');
});
