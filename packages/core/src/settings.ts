/** An app's settings with their defaults and limits, and what its environment says about checks. */

export interface AppSettings {
  /** How long green may take until every instance has passed, in milliseconds. */
  gateDeadlineMs: number;
  /** What becomes of the previous release after its drain. */
  afterFlip: 'sleep' | 'stop';
  /** What a newer push does to an older one that is not live yet. */
  newerPush: 'cancel' | 'wait';
  /** Number of instances. */
  scale: number;
  memoryMib: number;
  /** CPU share in cores, for instance 0.5. */
  cpus: number;
  maxProcesses: number;
  /** Plain HTTP is redirected to HTTPS; in force at once, part of no release. */
  httpsOnly: boolean;
}

export const DEFAULT_SETTINGS: Readonly<AppSettings> = Object.freeze({
  gateDeadlineMs: 120_000,
  afterFlip: 'sleep',
  newerPush: 'cancel',
  scale: 1,
  memoryMib: 512,
  cpus: 1,
  maxProcesses: 512,
  httpsOnly: false,
});

/** Waiting times of the platform, in milliseconds; one place, so that tests can shorten them. */
export interface Timing {
  buildDeadlineMs: number;
  /** How long a release command may run. */
  releaseDeadlineMs: number;
  startDeadlineMs: number;
  switchDeadlineMs: number;
  drainDeadlineMs: number;
  webSocketDrainDeadlineMs: number;
  offAfterMs: number;
  stopGraceMs: number;
  /** How long a hook that runs after a deployment may take. */
  hookDeadlineMs: number;
  leaseMs: number;
  /** Between two looks at whether engine and router are as the database says. */
  sweepMs: number;
  /** Between two looks at what instances use. */
  usageEveryMs: number;
}

export const DEFAULT_TIMING: Readonly<Timing> = Object.freeze({
  buildDeadlineMs: 15 * 60_000,
  releaseDeadlineMs: 10 * 60_000,
  startDeadlineMs: 60_000,
  switchDeadlineMs: 10_000,
  drainDeadlineMs: 30_000,
  webSocketDrainDeadlineMs: 5 * 60_000,
  offAfterMs: 10 * 60_000,
  stopGraceMs: 10_000,
  hookDeadlineMs: 60_000,
  leaseMs: 15_000,
  sweepMs: 30_000,
  usageEveryMs: 10_000,
});

/** The health paths an environment configures, in order; empty when the default check on `/` applies. */
export function healthPaths(environment: Readonly<Record<string, string>>): string[] {
  return Object.keys(environment)
    .filter((key) => /^CC_HEALTH_CHECK_PATH(_\d+)?$/.test(key))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((key) => environment[key] ?? '')
    .filter((path) => path.startsWith('/'));
}

/** The command that an environment asks for after a deployment has gone live or could not start; null: none. */
export function hookAfter(
  outcome: 'succeeded' | 'failed',
  environment: Readonly<Record<string, string>>,
): { name: string; command: string } | null {
  const name = outcome === 'succeeded' ? 'CC_RUN_SUCCEEDED_HOOK' : 'CC_RUN_FAILED_HOOK';
  const command = environment[name]?.trim() ?? '';
  return command === '' ? null : { name, command };
}
