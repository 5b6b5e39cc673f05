/** The words that the console uses for what the API names by a code. */
import type { AppView, DeploymentView, LogLineView, PoolView } from '@teal/contracts';

export const TRIGGERS: Readonly<Record<DeploymentView['trigger'], string>> = {
  push: 'push',
  redeploy: 'redeploy',
  revive: 'start last pushed commit',
  start: 'start',
  'platform-update': 'platform update',
};

export const STANDINGS: Readonly<Record<PoolView['standing'], string>> = {
  live: 'live',
  starting: 'starting',
  draining: 'draining',
  asleep: 'asleep',
};

/** What a pool of that standing does, for people who do not know the word yet. */
export const STANDING_HINTS: Readonly<Record<PoolView['standing'], string>> = {
  live: 'answers the requests',
  starting: 'must pass its checks before it gets traffic',
  draining: 'finishes what it has begun, gets nothing new',
  asleep: 'frozen: wakes in milliseconds',
};

export const APP_STATES: Readonly<Record<AppView['state'], string>> = {
  live: 'live',
  stopped: 'stopped',
  empty: 'nothing pushed yet',
};

export const COLOUR_NAMES = { blue: 'Blue', green: 'Green' } as const;

/** `0.25` → `25 %` */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${Number.isInteger(percent) ? percent : percent.toFixed(1)} %`;
}

/** A log's phases as steps that a reader can go to. */
export const PHASE_NAMES: Readonly<Record<LogLineView['phase'], string>> = {
  queued: 'Queued',
  building: 'Build',
  starting: 'Start',
  probing: 'Checks',
  switching: 'Switch',
  done: 'Result',
};
