import { expect, it } from 'vitest';
import { isCancellable, isRunning, phaseViews, totalMs } from '../src/view/phases.ts';
import { deployment } from './fixture.ts';

const at = (ms: number) => new Date(Date.parse('2026-11-21T14:00:00Z') + ms).toISOString();
const nowMs = Date.parse(at(5_000));
const shown = (facts: Parameters<typeof deployment>[0]) =>
  phaseViews(deployment(facts), nowMs).map(({ phase, standing, durationMs }) => `${phase} ${standing} ${durationMs}`);

it('measures each phase up to the next and the one in progress up to now', () => {
  expect(shown({ state: 'starting', times: { queued: at(0), building: at(20), starting: at(3_020) } })).toEqual([
    'queued done 20',
    'building done 3000',
    'starting current 1980',
    'probing ahead null',
    'switching ahead null',
  ]);
});

it('says that a revive needed no build', () => {
  const times = { queued: at(0), starting: at(5), probing: at(40), switching: at(80), live: at(90) };
  expect(shown({ state: 'live', times })).toEqual([
    'queued done 5',
    'building skipped null',
    'starting done 35',
    'probing done 40',
    'switching done 10',
  ]);
});

it('ends the failed phase at the failure and shows the rest as not reached', () => {
  const failure = { phase: 'probing', code: 'gate_refused', reason: 'never healthy' } as const;
  const times = { queued: at(0), building: at(1), starting: at(2), probing: at(3), failed: at(1_003) };
  expect(shown({ state: 'failed', failure, times }).slice(3)).toEqual([
    'probing failed 1000',
    'switching unreached null',
  ]);
});

it('ends a cancelled deployment in the phase it was in', () => {
  expect(shown({ state: 'cancelled', times: { queued: at(0), building: at(10), cancelled: at(60) } })[1]).toBe(
    'building stopped 50',
  );
});

it('goes on measuring right when a kept image is gone and is built after all', () => {
  const times = { queued: at(0), starting: at(10), building: at(30) };
  expect(shown({ state: 'building', times }).slice(0, 3)).toEqual([
    'queued done 10',
    'building current 4970',
    'starting done 20',
  ]);
});

it('never shows a negative time when the clocks differ', () => {
  expect(shown({ state: 'queued', times: { queued: at(9_000) } })[0]).toBe('queued current 0');
});

it('knows what runs and what can still be cancelled', () => {
  expect(isRunning(deployment({ state: 'switching' }))).toBe(true);
  expect(isCancellable(deployment({ state: 'switching' }))).toBe(false);
  expect(isCancellable(deployment({ state: 'probing' }))).toBe(true);
  expect(isRunning(deployment({ state: 'live' }))).toBe(false);
});

it('counts a whole deployment to its end, not to its replacement', () => {
  expect(totalMs(deployment({ state: 'replaced', times: { live: at(450), replaced: at(9_000) } }), nowMs)).toBe(450);
  expect(totalMs(deployment({ state: 'building' }), nowMs)).toBe(5_000);
});
