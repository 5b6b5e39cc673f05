import { describe, expect, it } from 'vitest';
import {
  describeAnswer,
  type GateEvidence,
  gateRules,
  healthPaths,
  likelyCauses,
  nextProbeIntervalMs,
  type ProbeAnswer,
  passes,
} from '../src/index.ts';

const status = (code: number): ProbeAnswer => ({ kind: 'status', status: code });
const none = (why: Extract<ProbeAnswer, { kind: 'none' }>['why']): ProbeAnswer => ({ kind: 'none', why, detail: 'x' });

describe('a probe', () => {
  it.each([
    [199, false, false],
    [200, true, true],
    [204, true, true],
    [299, true, true],
    [300, true, false],
    [302, true, false],
    [399, true, false],
    [400, false, false],
    [404, false, false],
    [500, false, false],
  ])('of %i passes by default: %s, on a configured path: %s', (code, byDefault, configured) => {
    expect(passes(gateRules([]), status(code))).toBe(byDefault);
    expect(passes(gateRules(['/health']), status(code))).toBe(configured);
  });

  it.each(['refused', 'timeout', 'reset', 'unreachable', 'malformed'] as const)(
    'without an answer (%s) fails',
    (why) => {
      expect(passes(gateRules([]), none(why))).toBe(false);
      expect(describeAnswer('/', none(why))).toMatch(/^GET \/: \S/);
    },
  );

  it('asks / by default, else the configured paths in their numbers order', () => {
    expect(gateRules([])).toEqual({ paths: ['/'], configured: false });
    const environment = {
      CC_HEALTH_CHECK_PATH_10: '/k',
      CC_HEALTH_CHECK_PATH_2: '/c',
      CC_HEALTH_CHECK_PATH: '/a',
      CC_HEALTH_CHECK_PATH_0: 'no-slash',
      CC_HEALTH_CHECK_PATHS: '/other',
    };
    expect(healthPaths(environment)).toEqual(['/a', '/c', '/k']);
  });

  it('comes at once after a pass, else ever later up to half a second', () => {
    const pauses = [0, 10, 20, 100, 1_000, 10_000, 60_000].map((waitedMs) => nextProbeIntervalMs(waitedMs, false));
    expect(pauses).toEqual([1, 1, 1, 5, 50, 500, 500]);
    expect(nextProbeIntervalMs(60_000, true)).toBe(1);
  });
});

describe('likely causes', () => {
  const evidence = (change: Partial<GateEvidence>): GateEvidence => ({
    rules: gateRules([]),
    last: none('refused'),
    expectedPort: 8080,
    listeners: null,
    exited: false,
    ...change,
  });
  const listen = (...at: [string, number][]) => evidence({ listeners: at.map(([host, port]) => ({ host, port })) });

  it.each([
    ['loopback only', listen(['127.0.0.1', 8080]), '127.0.0.1 only'],
    ['loopback only, version 6', listen(['::1', 8080], ['127.0.0.53', 8080]), '127.0.0.1 only'],
    ['loopback only, mapped', listen(['::ffff:127.0.0.1', 8080]), '127.0.0.1 only'],
    ['another port', listen(['0.0.0.0', 3000], ['::', 3000], ['::', 9229]), 'another port (3000, 9229)'],
    ['no port', listen(), 'no port'],
    ['an exit', evidence({ exited: true, listeners: [] }), 'ended by itself'],
    ['a 404 by default', evidence({ last: status(404) }), 'Set CC_HEALTH_CHECK_PATH'],
    ['a redirect of a configured path', evidence({ last: status(301), rules: gateRules(['/h']) }), 'redirect'],
    ['a 500', evidence({ last: status(503) }), 'server error'],
  ])('name %s', (_what, found, words) => {
    const causes = likelyCauses(found);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(words);
    expect(causes[0]).toMatch(/[.?]$/);
  });

  it('name nothing where nothing points anywhere', () => {
    expect(likelyCauses(listen(['0.0.0.0', 8080]))).toEqual([]);
    expect(likelyCauses(listen(['127.0.0.1', 8080], ['::', 8080]))).toEqual([]);
    expect(likelyCauses(evidence({ last: null }))).toEqual([]);
  });
});
