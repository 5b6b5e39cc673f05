/** What an engine is told of an instance: its image, environment and limits. Starts nothing. */
import type { App, Instance, Release } from '@teal/core';
import type { InstanceSpec } from './ports/engine.ts';

interface SpecParts {
  release: Release;
  instance: Pick<Instance, 'id' | 'appId' | 'deploymentId' | 'number' | 'colour'>;
  imageRef: string;
}

/** What the engine is told of an instance; also of one that runs a single command. */
export function specOf(run: { app: Pick<App, 'name'> }, { release, instance, imageRef }: SpecParts): InstanceSpec {
  return {
    instanceId: instance.id,
    appId: instance.appId,
    appName: run.app.name,
    releaseId: release.id,
    imageRef,
    colour: instance.colour,
    environment: {
      ...release.environment,
      APP_ID: instance.appId,
      CC_APP_NAME: run.app.name,
      CC_COMMIT_ID: release.commit.commit,
      CC_DEPLOYMENT_ID: instance.deploymentId,
      INSTANCE_ID: instance.id,
      INSTANCE_NUMBER: String(instance.number),
      INSTANCE_TYPE: 'production',
      INSTANCE_COLOUR: instance.colour,
    },
    memoryMib: release.settings.memoryMib,
    cpus: release.settings.cpus,
    maxProcesses: release.settings.maxProcesses,
  };
}
