/** Things of the API for the tests, and one way to run the command with captured streams. */
import { Readable } from 'node:stream';
import type { AppView, DeploymentView } from '@teal/contracts';
import { run } from '../src/program.ts';
import { type FakeTeal, TOKEN } from './fake-teal.ts';

export const COMMIT = '3f2c1a9b8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a';
export const DEPLOYMENT_ID = 'deployment_1f2e3d4c-0000-4000-8000-000000000001';

export function givenDeployment(change: Partial<DeploymentView> = {}): DeploymentView {
  return {
    id: DEPLOYMENT_ID,
    appId: 'app_1',
    sequence: 7,
    trigger: 'push',
    state: 'live',
    commit: { commit: COMMIT, author: 'Ada', message: 'Say hello' },
    branch: 'main',
    pushOptions: [],
    requestedBy: 'Ada',
    releaseId: 'release_1',
    colour: 'blue',
    failure: null,
    cancelReason: null,
    createdAt: '2026-11-21T09:00:00.000Z',
    times: { live: '2026-11-21T09:00:01.500Z' },
    ...change,
  };
}

export function givenApp(change: Partial<AppView> = {}): AppView {
  return {
    id: 'app_1',
    organisationId: 'orga_1',
    name: 'hello',
    state: 'live',
    url: 'http://hello.teal.localhost:8000/',
    secureUrl: 'https://hello.teal.localhost:8443/',
    domains: [{ name: 'hello.teal.localhost', primary: true, default: true }],
    maintenance: false,
    gitUrl: 'http://localhost:4000/git/hello.git',
    deployBranch: 'main',
    settings: {
      gateDeadlineMs: 120_000,
      afterFlip: 'sleep',
      newerPush: 'cancel',
      scale: 1,
      memoryMib: 512,
      cpus: 1,
      maxProcesses: 512,
      httpsOnly: false,
    },
    live: {
      deploymentId: DEPLOYMENT_ID,
      releaseId: 'release_1',
      colour: 'blue',
      commit: { commit: COMMIT, author: 'Ada', message: 'Say hello' },
      since: '2026-11-21T09:00:01.500Z',
    },
    previous: null,
    pools: { blue: null, green: null },
    running: null,
    lastDeployment: null,
    pendingConfiguration: false,
    traffic: { minutes: 5, requests: 0, requestsPerMinute: 0, errorShare: null, p50Ms: null, p99Ms: null },
    createdAt: '2026-11-21T08:00:00.000Z',
    ...change,
  };
}

export interface Ran {
  exit: number;
  out: string;
  err: string;
}

export interface RunOptions {
  env?: Record<string, string | undefined>;
  cwd?: string;
  stdin?: string;
  isTTY?: boolean;
  signal?: AbortSignal;
}

/** Runs one command line against `teal` (null: no server named). */
export async function runTeal(teal: FakeTeal | null, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = { exit: -1, out: '', err: '' };
  const server = teal === null ? {} : { TEAL_URL: teal.url, TEAL_TOKEN: TOKEN };
  ran.exit = await run(args, {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...server, ...options.env },
    cwd: options.cwd ?? '/',
    stdin: Readable.from([options.stdin ?? '']),
    stdout: { write: (text) => (ran.out += text), isTTY: options.isTTY === true },
    stderr: { write: (text) => (ran.err += text) },
    signal: options.signal ?? new AbortController().signal,
  });
  return ran;
}
