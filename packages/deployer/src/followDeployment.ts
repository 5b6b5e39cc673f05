/** A deployment's log as it grows, and its end. Reads the store; events only tell when to look again. */
import { type Deployment, isTerminal, type LogLine, noLog } from '@teal/core';
import type { Context } from './context.ts';

export type Follow =
  | { kind: 'line'; line: LogLine }
  /** Nothing was written for a while; the deployment still runs. */
  | { kind: 'silence'; deployment: Deployment }
  | { kind: 'ended'; deployment: Deployment };

export interface FollowOptions {
  deploymentId: string;
  /** Lines up to this sequence are known already. */
  after: number;
  silenceMs: number;
  signal: AbortSignal;
}

/** Yields until the deployment has ended (the last is `ended`) or `signal` aborts. */
export async function* followDeployment(
  { store, clock }: Pick<Context, 'store' | 'clock'>,
  { deploymentId, after, silenceMs, signal }: FollowOptions,
): AsyncGenerator<Follow> {
  const bell = createBell();
  const unsubscribe = store.bus.subscribe((event) => {
    const mine = 'deploymentId' in event && event.deploymentId === deploymentId;
    if (mine || event.kind === 'resync' || event.kind === 'app-deleted') bell.ring();
  });
  let position = after;
  try {
    while (!signal.aborted) {
      // Read the state first: lines written before it turned terminal are then surely read after it.
      const deployment = await store.deployments.get(deploymentId);
      if (deployment === null) return;
      const lines = await store.logs.read(deploymentId, position);
      for (const line of lines) {
        yield { kind: 'line', line };
        position = line.sequence;
      }
      if (lines.length > 0) continue;
      if (isTerminal(deployment.state)) {
        if (position === 0) yield { kind: 'line', line: noLog(deployment.createdAt) };
        return yield { kind: 'ended', deployment };
      }
      if (!(await bell.rung(clock, silenceMs, signal))) yield { kind: 'silence', deployment };
    }
  } finally {
    unsubscribe();
  }
}

/** A bell that remembers one ring. */
function createBell() {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    /** True when it rang; false when `timeoutMs` passed first. */
    async rung(clock: Context['clock'], timeoutMs: number, signal: AbortSignal): Promise<boolean> {
      if (!rung) {
        const stop = new AbortController();
        const ringing = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([ringing, clock.sleep(timeoutMs, AbortSignal.any([signal, stop.signal]))]);
        stop.abort();
        wake = null;
      }
      const result = rung;
      rung = false;
      return result || signal.aborted;
    },
  };
}
