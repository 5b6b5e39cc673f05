import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEPLOYMENT_STATES,
  type DeploymentEvent,
  type DeploymentState,
  isCancellable,
  isPhase,
  isTerminal,
  PHASES,
  transition,
} from '../src/index.ts';

const EVENTS: readonly DeploymentEvent[] = [
  'claimed',
  'claimed-with-image',
  'built',
  'started',
  'image-gone',
  'gate-passed',
  'route-proven',
  'replaced',
  'cancelled',
  'failed',
];

/** The whole table once more, written as people read it in the design: state, event, next state. */
const POSSIBLE = [
  'queued claimed building',
  'queued claimed-with-image starting',
  'queued cancelled cancelled',
  'queued failed failed',
  'building built starting',
  'building cancelled cancelled',
  'building failed failed',
  'starting started probing',
  'starting image-gone building',
  'starting cancelled cancelled',
  'starting failed failed',
  'probing gate-passed switching',
  'probing cancelled cancelled',
  'probing failed failed',
  'switching route-proven live',
  'switching failed failed',
  'live replaced replaced',
];

describe('the table of transitions', () => {
  it.each(DEPLOYMENT_STATES.flatMap((state) => EVENTS.map((event) => ({ state, event }))))(
    '$state × $event',
    ({ state, event }) => {
      const row = POSSIBLE.find((line) => line.startsWith(`${state} ${event} `));
      expect(transition(state, event)).toBe(row?.split(' ')[2] ?? null);
    },
  );

  it('never leaves an end, whatever comes, but for live to replaced', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 40 }), (events) => {
        let state: DeploymentState = 'queued';
        for (const event of events) {
          const before: DeploymentState = state;
          state = transition(state, event) ?? state;
          if (isTerminal(before)) expect([before, before === 'live' ? 'replaced' : before]).toContain(state);
        }
      }),
    );
  });

  it('can fail every phase, and cancel every phase but the switch', () => {
    for (const state of DEPLOYMENT_STATES) {
      expect(isPhase(state)).toBe(!isTerminal(state));
      expect(transition(state, 'failed') !== null).toBe(isPhase(state));
      expect(isCancellable(state)).toBe(isPhase(state) && state !== 'switching');
    }
    expect(PHASES).toHaveLength(5);
  });
});
