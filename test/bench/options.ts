/** Reads the benchmark's command line. Runs nothing. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** In the order of their run: a load test before it would change what a push takes. */
export const PARTS = ['router', 'metrics', 'push', 'revive', 'big-push', 'flips'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  parts: readonly Part[];
  /** Measurements of each kind for pushes and revives. */
  pairs: number;
  flips: number;
  /** The flips are spread over at least so many requests. */
  requests: number;
  bigPushMib: number;
  /** Of the router part: turns of each proxy, and how long one takes. */
  rounds: number;
  seconds: number;
  /** How git gets the token: from the remote's URL, or by asking `teal credential`. */
  credential: 'url' | 'helper';
  /** When the polling for a push's first answer begins: with the container up, as on the other side, or with the push. */
  pollFrom: 'probing' | 'start';
  jsonFile: string | null;
}

export const USAGE = `npm run bench -- [options]: measures the platform on this machine and prints a table

  --only router|metrics|push|revive|flips|big-push   one part (may be given several times); default: all
  --pairs N        pushes and revives to measure, default 20
  --flips N        default 200
  --requests N     the flips happen while at least so many requests are sent, default 100000
  --big-push-mib N default 200
  --rounds N       turns of each proxy of the router part, default 7
  --seconds N      length of such a turn, default 2
  --credential url|helper   how git gets the token, default url
  --poll-from probing|start   when polling for a push's first answer begins, default probing
  --json FILE      also write the figures there
`;

function count(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number above 0, not "${text}"`);
  return value;
}

function oneOf<T extends string>(text: string, allowed: readonly T[], name: string): T {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new Error(`--${name} is one of ${allowed.join(', ')}, not "${text}"`);
  return found;
}

/** Null: help was asked for. Throws a sentence for people. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      pairs: { type: 'string', default: '20' },
      flips: { type: 'string', default: '200' },
      requests: { type: 'string', default: '100000' },
      'big-push-mib': { type: 'string', default: '200' },
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      credential: { type: 'string', default: 'url' },
      'poll-from': { type: 'string', default: 'probing' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const only = values.only.map((part) => oneOf(part, PARTS, 'only'));
  return {
    parts: only.length === 0 ? PARTS : PARTS.filter((part) => only.includes(part)),
    pairs: count(values.pairs, 'pairs'),
    flips: count(values.flips, 'flips'),
    requests: count(values.requests, 'requests'),
    bigPushMib: count(values['big-push-mib'], 'big-push-mib'),
    rounds: count(values.rounds, 'rounds'),
    seconds: count(values.seconds, 'seconds'),
    credential: oneOf(values.credential, ['url', 'helper'] as const, 'credential'),
    pollFrom: oneOf(values['poll-from'], ['probing', 'start'] as const, 'poll-from'),
    jsonFile: values.json === undefined ? null : resolve(values.json),
  };
}
