/** Reads the load proof's command line. Runs nothing. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface ProofOptions {
  engine: 'docker' | 'process';
  /** Null: whichever the platform chooses. */
  router: 'haproxy' | 'embedded' | null;
  /** By revive; the deployments come on top. */
  flips: number;
  /** Every so many flips go to a version that has fallen asleep; the others come as quick as they are acknowledged. */
  asleepEvery: number;
  /** The run takes until at least so many requests have ended. */
  requests: number;
  deployments: number;
  instanceKills: number;
  routerKills: number;
  restarts: number;
  platformKills: number;
  /** Connections of each kind. */
  connections: number;
  /** Of the quick kinds together. */
  ratePerSecond: number;
  /** How long listeners of events and WebSockets stay. */
  eventsMs: number;
  webSocketMs: number;
}

export const LONG: ProofOptions = {
  engine: 'docker',
  router: null,
  flips: 1_000,
  asleepEvery: 5,
  requests: 1_000_000,
  deployments: 10,
  instanceKills: 10,
  routerKills: 10,
  restarts: 5,
  platformKills: 5,
  connections: 8,
  ratePerSecond: 1_000,
  eventsMs: 3_000,
  webSocketMs: 4_000,
};

/** Everything once or twice, within a minute. */
export const SHORT: ProofOptions = {
  ...LONG,
  flips: 16,
  asleepEvery: 8,
  requests: 5_000,
  deployments: 1,
  instanceKills: 1,
  routerKills: 1,
  restarts: 1,
  platformKills: 1,
  ratePerSecond: 400,
  eventsMs: 600,
  webSocketMs: 800,
};

export const USAGE = `npm run test:load -- [options]: flips, deployments, kills and restarts under mixed traffic; exits with 1 when a
request is lost, answered by the wrong version, or delivered twice

  --short                     everything once or twice, within a minute
  --flips N                   default 1000
  --requests N                at least so many, default 1000000
  --rate N                    quick requests per second, default 1000
  --connections N             of each kind, default 8
  --engine docker|process     default docker
  --router haproxy|embedded   default: whichever the platform chooses
  --json FILE                 also write the figures there
`;

export interface CommandLine {
  proof: ProofOptions;
  jsonFile: string | null;
}

function count(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number above 0, not "${text}"`);
  return value;
}

function oneOf<T extends string>(text: string | undefined, allowed: readonly T[], name: string): T | undefined {
  const found = allowed.find((value) => value === text);
  if (found === undefined && text !== undefined) {
    throw new Error(`--${name} is one of ${allowed.join(', ')}, not "${text}"`);
  }
  return found;
}

/** Null: help was asked for. Throws a sentence for people. */
export function readOptions(args: readonly string[]): CommandLine | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      flips: { type: 'string' },
      requests: { type: 'string' },
      rate: { type: 'string' },
      connections: { type: 'string' },
      engine: { type: 'string' },
      router: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const base = values.short ? SHORT : LONG;
  const proof: ProofOptions = {
    ...base,
    engine: oneOf(values.engine, ['docker', 'process'] as const, 'engine') ?? base.engine,
    router: oneOf(values.router, ['haproxy', 'embedded'] as const, 'router') ?? base.router,
    flips: count(values.flips, 'flips') ?? base.flips,
    requests: count(values.requests, 'requests') ?? base.requests,
    ratePerSecond: count(values.rate, 'rate') ?? base.ratePerSecond,
    connections: count(values.connections, 'connections') ?? base.connections,
  };
  return { proof, jsonFile: values.json === undefined ? null : resolve(values.json) };
}
