/**
 * The scenarios with faults at their port calls: no invariant is ever broken. Every call of what people do every day, a
 * share of the rest; `npm run test:crash -- --all` strikes at all of them.
 */
import { expect, it } from 'vitest';
import { strikeAll } from './crash.ts';
import type { Task } from './enumerate.ts';
import { SCENARIOS } from './scenarios.ts';

const DEADLINE_MS = 600_000;
const EVERY_DAY = [
  'push',
  'push, router in the process',
  'first push',
  'failing gate',
  'newer push',
  'revive asleep',
  'revive without image',
  'cancel while probing',
  'stop',
  'delete',
  'release command',
  'a live instance ends',
];

const deaths = SCENARIOS.map(({ name }): Task => {
  const every = EVERY_DAY.includes(name) ? 1 : 6;
  return { scenario: name, modes: ['before', 'after', 'lost'], every, pairs: 0, seed: 1 };
});
const others = SCENARIOS.map(
  ({ name }): Task => ({ scenario: name, modes: ['frozen', 'refused'], every: 20, pairs: 10, seed: 1 }),
);

it('dies before or after a call, or loses its answer, and nothing is broken', { timeout: DEADLINE_MS }, async () => {
  expect((await strikeAll(deaths)).found).toEqual([]);
});

it('stands still, is refused, and is struck twice, and nothing is broken', { timeout: DEADLINE_MS }, async () => {
  expect((await strikeAll(others)).found).toEqual([]);
});
