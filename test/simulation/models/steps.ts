/** What may happen to a platform in a model run, and how fast-check makes it up. Performs nothing. */
import fc from 'fast-check';
import { MODES, type Mode } from '../faults.ts';
import type { Program } from '../programs.ts';
import type { Cut, PortName } from '../teal.ts';

export const APPS = ['shop', 'blog'] as const;
export type AppName = (typeof APPS)[number];

export const PROGRAMS: Record<string, Partial<Program>> = {
  good: {},
  slow: { buildMs: 3_000, readyMs: 800 },
  'bad build': { build: 'fails' },
  'bad gate': { gate: 'refuses' },
  'ends by itself': { gate: 'exits' },
  'with release command': { releaseCommand: 'ok' },
  'with bad release command': { releaseCommand: 'fails' },
};

const WISHES = ['revive', 'redeploy', 'cancel', 'stop', 'start', 'delete', 'create', 'update', 'end'] as const;

/** Of all processes, as a clock that is set on the one machine they run on. */
export const MACHINE = 2;

export type Deed =
  | { do: 'push'; app: AppName; program: string }
  | { do: (typeof WISHES)[number]; app: AppName }
  | { do: 'settings'; app: AppName; scale: number; newerPush: 'cancel' | 'wait' }
  | { do: 'strike'; inCalls: number; mode: Mode }
  | { do: 'kill'; process: number }
  | { do: 'freeze'; process: number; ms: number }
  | { do: 'cut'; process: number; port: PortName; how: Cut; ms: number }
  | { do: 'jump'; process: number; ms: number };

export interface Step {
  /** It happens after so many port calls, or after so long. */
  calls: number;
  ms: number;
  deed: Deed;
  /** Decides which of the calls that wait comes next, and how long answers take, until the next step; 0: the oldest, at once. */
  order: number;
}

export interface Sequence {
  processes: 1 | 2;
  router: 'survives' | 'dies';
  steps: readonly Step[];
}

const app = fc.constantFrom(...APPS);
const process = fc.nat(1);
const ORDERS = 2 ** 20;

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), app, program: programs() }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom(...WISHES), app }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('settings' as const),
      app,
      scale: fc.integer({ min: 1, max: 2 }),
      newerPush: fc.constantFrom('cancel' as const, 'wait' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('strike' as const),
      inCalls: fc.integer({ min: 1, max: 60 }),
      mode: fc.constantFrom(...MODES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), process }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('freeze' as const), process, ms: fc.integer({ min: 100, max: 40_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      process,
      port: fc.constantFrom(
        'store' as const,
        'engine' as const,
        'router' as const,
        'queue' as const,
        'source' as const,
        'mail' as const,
      ),
      how: fc.constantFrom('refuses' as const, 'silent' as const, 'deaf' as const),
      ms: fc.integer({ min: 100, max: 30_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      process: fc.nat(MACHINE),
      ms: fc.integer({ min: -30_000, max: 90_000 }),
    }),
  },
);

function programs() {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('good') },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(PROGRAMS)) },
  );
}

const step: fc.Arbitrary<Step> = fc.record({
  calls: fc.oneof({ weight: 3, arbitrary: fc.nat(80) }, { weight: 1, arbitrary: fc.constant(0) }),
  ms: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20_000) }),
  deed,
  order: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(ORDERS) }),
});

export const sequences: fc.Arbitrary<Sequence> = fc
  .record({
    house: fc.constantFrom(
      { processes: 1, router: 'survives' } as const,
      { processes: 2, router: 'survives' } as const,
      { processes: 1, router: 'dies' } as const,
    ),
    steps: fc.array(step, { minLength: 1, maxLength: 14, size: 'max' }),
  })
  .map(({ house, steps }) => ({ ...house, steps }));

export function wordsOf({ processes, router, steps }: Sequence): string[] {
  const house = `${processes === 1 ? 'one process' : 'two processes'}, the router ${router === 'dies' ? 'in it' : 'outlives them'}`;
  return [house, ...steps.map(stepInWords)];
}

function stepInWords({ calls, ms, deed, order }: Step): string {
  const when = [calls > 0 ? `${calls} calls` : '', ms > 0 ? `${ms} ms` : '']
    .filter((part) => part !== '')
    .join(' and ');
  const { do: what, ...rest } = deed;
  const how = Object.values(rest).join(' ');
  return `${when === '' ? 'at once' : `after ${when}`}: ${what} ${how}${order === 0 ? '' : ` (order ${order})`}`;
}
