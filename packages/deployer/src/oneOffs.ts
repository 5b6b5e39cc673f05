/**
 * The one-off instances that this process runs: release commands and hooks. No row stands behind them, so this is how the
 * reconciler tells them from what a crash left. Decides nothing about deployments.
 */
import { type Deployment, formatId, type Release } from '@teal/core';
import type { Context } from './context.ts';
import { specOf } from './instanceSpec.ts';
import type { Engine, InstanceSpec, OneOff } from './ports/engine.ts';

export interface OneOffs {
  /** `engine` is the caller's own view of it; hooks, which hold no lease, use the platform's. */
  run(spec: InstanceSpec, once: OneOff, engine?: Pick<Engine, 'run'>): ReturnType<Engine['run']>;
  isRunning(instanceId: string): boolean;
}

export function createOneOffs(context: Pick<Context, 'engine'>): OneOffs {
  const running = new Set<string>();
  return {
    async run(spec, once, engine = context.engine) {
      running.add(spec.instanceId);
      try {
        return await engine.run(spec, once);
      } finally {
        running.delete(spec.instanceId);
      }
    },
    isRunning: (instanceId) => running.has(instanceId),
  };
}

/** A deployment's one-offs run one after the other and share an id: the next ends what a crash left of the one before. */
export function oneOffSpec(
  run: Parameters<typeof specOf>[0],
  { deployment, release, imageRef }: { deployment: Deployment; release: Release; imageRef: string },
): InstanceSpec {
  const { id, appId, colour } = deployment;
  const instance = {
    id: formatId('instance', id.slice(id.indexOf('_') + 1)),
    appId,
    deploymentId: id,
    number: 0,
    colour: colour ?? 'blue',
  };
  return specOf(run, { release, instance, imageRef });
}
