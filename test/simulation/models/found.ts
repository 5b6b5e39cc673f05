/** Sequences that once broke an invariant, as fast-check left them; each is played again by the tests. */
import type { Sequence } from './steps.ts';

export const FOUND: readonly { what: string; sequence: Sequence }[] = [
  {
    what: 'the other process takes a stopped app from the router late',
    sequence: {
      processes: 2,
      router: 'survives',
      steps: [
        { calls: 0, ms: 1, deed: { do: 'stop', app: 'blog' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'cut', process: 0, port: 'store', how: 'deaf', ms: 100 }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'strike', inCalls: 29, mode: 'refused' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'stop', app: 'shop' }, order: 0 },
        { calls: 28, ms: 0, deed: { do: 'push', app: 'blog', program: 'good' }, order: 0 },
      ],
    },
  },
  {
    what: 'a stopped app is taken from the router in the process late',
    sequence: {
      processes: 1,
      router: 'dies',
      steps: [
        { calls: 0, ms: 0, deed: { do: 'stop', app: 'blog' }, order: 0 },
        { calls: 19, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 264802 },
        { calls: 51, ms: 0, deed: { do: 'cut', process: 0, port: 'router', how: 'refuses', ms: 3322 }, order: 0 },
        { calls: 7, ms: 0, deed: { do: 'push', app: 'blog', program: 'good' }, order: 0 },
      ],
    },
  },
  {
    what: 'an app is stopped while the router refuses',
    sequence: {
      processes: 2,
      router: 'survives',
      steps: [
        { calls: 0, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 384838 },
        { calls: 48, ms: 0, deed: { do: 'strike', inCalls: 40, mode: 'before' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'cut', process: 0, port: 'router', how: 'refuses', ms: 8646 }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'update', app: 'shop' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'stop', app: 'shop' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'jump', process: 0, ms: 0 }, order: 0 },
      ],
    },
  },
  {
    what: 'a version that was revived during its drain drains again, by a clock set forward',
    sequence: {
      processes: 1,
      router: 'survives',
      steps: [
        { calls: 0, ms: 1, deed: { do: 'strike', inCalls: 34, mode: 'refused' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'strike', inCalls: 48, mode: 'before' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'push', app: 'shop', program: 'good' }, order: 751829 },
        { calls: 0, ms: 1555, deed: { do: 'jump', process: 0, ms: 3508 }, order: 716360 },
        { calls: 62, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'cut', process: 0, port: 'engine', how: 'refuses', ms: 212 }, order: 0 },
        { calls: 0, ms: 3171, deed: { do: 'revive', app: 'shop' }, order: 0 },
        { calls: 5, ms: 0, deed: { do: 'push', app: 'shop', program: 'good' }, order: 491493 },
      ],
    },
  },
  {
    what: 'a revive that its store refused',
    sequence: {
      processes: 1,
      router: 'survives',
      steps: [
        { calls: 0, ms: 0, deed: { do: 'jump', process: 0, ms: 3501 }, order: 0 },
        { calls: 0, ms: 1, deed: { do: 'push', app: 'shop', program: 'good' }, order: 664 },
        { calls: 53, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 0 },
        { calls: 0, ms: 1, deed: { do: 'cut', process: 0, port: 'store', how: 'refuses', ms: 100 }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'freeze', process: 0, ms: 100 }, order: 0 },
        { calls: 58, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 0 },
      ],
    },
  },
  {
    what: 'a version that slept in the colour of the live one is not switched to',
    sequence: {
      processes: 1,
      router: 'survives',
      steps: [
        { calls: 0, ms: 0, deed: { do: 'update', app: 'shop' }, order: 0 },
        { calls: 0, ms: 22, deed: { do: 'cut', process: 0, port: 'router', how: 'deaf', ms: 100 }, order: 0 },
        { calls: 0, ms: 0, deed: { do: 'revive', app: 'shop' }, order: 0 },
      ],
    },
  },
];
