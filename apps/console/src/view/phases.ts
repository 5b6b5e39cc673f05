/** The phases of a deployment and how long each took, read from the times at which its states were entered. */
import { type DeploymentView, failureSchema } from '@teal/contracts';

export const PHASES = failureSchema.shape.phase.options;
export type Phase = (typeof PHASES)[number];

export interface PhaseView {
  phase: Phase;
  /** `skipped`: not needed, as the build of a revive; `stopped`: cancelled in it; `unreached`: it ended before. */
  standing: 'done' | 'current' | 'failed' | 'stopped' | 'skipped' | 'ahead' | 'unreached';
  durationMs: number | null;
}

export function isRunning(deployment: DeploymentView): boolean {
  return (PHASES as readonly string[]).includes(deployment.state);
}

/** Switching is too short to be cancelled. */
export function isCancellable(deployment: DeploymentView): boolean {
  return isRunning(deployment) && deployment.state !== 'switching';
}

/** The five phases in order; the one in progress is measured up to `nowMs`. */
export function phaseViews(deployment: DeploymentView, nowMs: number): PhaseView[] {
  const entered = Object.entries(deployment.times)
    .map(([state, iso]) => ({ state, atMs: Date.parse(iso) }))
    .sort((a, b) => a.atMs - b.atMs || order(a.state) - order(b.state));
  const lastPhase = Math.max(...entered.map(({ state }) => PHASES.indexOf(state as Phase)));
  const stoppedIn = entered.filter(({ state }) => order(state) < PHASES.length).at(-1)?.state;

  return PHASES.map((phase, index) => {
    const at = entered.findIndex(({ state }) => state === phase);
    const from = entered[at]?.atMs;
    if (from === undefined) {
      const later = isRunning(deployment) ? 'ahead' : 'unreached';
      return { phase, standing: index < lastPhase ? 'skipped' : later, durationMs: null };
    }
    const until = deployment.state === phase ? nowMs : (entered[at + 1]?.atMs ?? nowMs);
    return { phase, standing: standingOf(deployment, phase, stoppedIn), durationMs: Math.max(0, until - from) };
  });
}

/** From its acceptance to its end, or up to `nowMs`. */
export function totalMs(deployment: DeploymentView, nowMs: number): number {
  const { live, cancelled, failed } = deployment.times;
  const ended = live ?? failed ?? cancelled;
  return Math.max(0, (ended === undefined ? nowMs : Date.parse(ended)) - Date.parse(deployment.createdAt));
}

function standingOf(deployment: DeploymentView, phase: Phase, stoppedIn: string | undefined): PhaseView['standing'] {
  if (deployment.state === phase) return 'current';
  if (deployment.state === 'failed' && deployment.failure?.phase === phase) return 'failed';
  if (deployment.state === 'cancelled' && stoppedIn === phase) return 'stopped';
  return 'done';
}

function order(state: string): number {
  const index = PHASES.indexOf(state as Phase);
  return index === -1 ? PHASES.length : index;
}
