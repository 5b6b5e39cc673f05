/** The life of a deployment: its states and the one table of transitions. Nothing else decides states. */

export const DEPLOYMENT_STATES = [
  'queued',
  'building',
  'starting',
  'probing',
  'switching',
  'live',
  'replaced',
  'cancelled',
  'failed',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

export const DEPLOYMENT_TRIGGERS = ['push', 'redeploy', 'revive', 'start', 'platform-update'] as const;
export type DeploymentTrigger = (typeof DEPLOYMENT_TRIGGERS)[number];

/** The phases that take time and can fail; a failure names the one it happened in. */
export const PHASES = ['queued', 'building', 'starting', 'probing', 'switching'] as const;
export type Phase = (typeof PHASES)[number];

export type DeploymentEvent =
  | 'claimed'
  | 'claimed-with-image'
  | 'built'
  | 'started'
  | 'image-gone'
  | 'gate-passed'
  | 'route-proven'
  | 'replaced'
  | 'cancelled'
  | 'failed';

type Row = Partial<Record<DeploymentEvent, DeploymentState>>;

/** state → event → next state. An event missing from a row is not possible in that state. */
export const TRANSITIONS: Readonly<Record<DeploymentState, Row>> = Object.freeze({
  queued: { claimed: 'building', 'claimed-with-image': 'starting', cancelled: 'cancelled', failed: 'failed' },
  building: { built: 'starting', cancelled: 'cancelled', failed: 'failed' },
  starting: { started: 'probing', 'image-gone': 'building', cancelled: 'cancelled', failed: 'failed' },
  probing: { 'gate-passed': 'switching', cancelled: 'cancelled', failed: 'failed' },
  switching: { 'route-proven': 'live', failed: 'failed' },
  live: { replaced: 'replaced' },
  replaced: {},
  cancelled: {},
  failed: {},
});

/** The state after `event`, or null when the table does not allow it. */
export function transition(state: DeploymentState, event: DeploymentEvent): DeploymentState | null {
  return TRANSITIONS[state][event] ?? null;
}

/** True when the deployment has ended; `live` counts, although `replaced` may follow it. */
export function isTerminal(state: DeploymentState): boolean {
  return state === 'live' || state === 'replaced' || state === 'cancelled' || state === 'failed';
}

export function isPhase(state: DeploymentState): state is Phase {
  return (PHASES as readonly string[]).includes(state);
}

/** True while a person or a newer push may still cancel it: before the switch. */
export function isCancellable(state: DeploymentState): boolean {
  return transition(state, 'cancelled') !== null;
}
