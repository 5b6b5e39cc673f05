/** One worker's run of one deployment: what the steps share. */
import type { App, Deployment, Phase, TealError } from '@teal/core';
import type { Context } from './context.ts';
import type { DeploymentLog } from './deploymentLog.ts';
import type { ExitHub } from './exitHub.ts';
import type { LeaseKeeper } from './leaseKeeper.ts';
import type { OneOffs } from './oneOffs.ts';
import type { RunPlaces } from './places.ts';
import type { Lease } from './ports/store.ts';

export interface Run {
  context: Context;
  keeper: LeaseKeeper;
  exits: ExitHub;
  oneOffs: OneOffs;
  places: RunPlaces;
  lease: Lease;
  app: App;
  deployment: Deployment;
  log: DeploymentLog;
  /** Aborts when the run must stop: cancelled, lease lost, shutdown. The reason is a {@link StopRun}. */
  signal: AbortSignal;
}

/** Why a run stops although nothing failed. */
export class StopRun extends Error {
  override readonly name = 'StopRun';
  readonly why: 'cancelled' | 'lease-lost' | 'shutdown';

  constructor(why: StopRun['why']) {
    super(`the run was stopped: ${why}`);
    this.why = why;
  }
}

/** The run failed in a way that ends the deployment. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';
  readonly code: string;

  constructor(code: string, reason: string, options: { cause?: unknown } = {}) {
    super(reason, options);
    this.code = code;
  }

  static of(error: TealError): RunFailure {
    return new RunFailure(error.code, error.message, { cause: error });
  }
}

export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}

/** Takes over the deployment as it is after a transition, and says so in its log. */
export function enterPhase(run: Run, deployment: Deployment, note = ''): void {
  run.deployment = deployment;
  const phase = deployment.state as Phase;
  run.log.setPhase(phase);
  run.log.line('teal', `==> ${phase}${note === '' ? '' : `: ${note}`}`);
}
