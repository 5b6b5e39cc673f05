/** Makes, starts and removes the containers of instances, mending a network that has gone. Decides nothing about when. */
import { TealError } from '@teal/core';
import type { InstanceSpec } from '@teal/deployer';
import { type DockerClient, orNull, QUICK_MS, SLOW_MS, sentenceOf, statusOf } from './client.ts';
import { containerOptions } from './container.ts';
import type { Naming } from './naming.ts';
import type { Networks } from './network.ts';

export interface Containers {
  /**
   * With `command`: to run that instead of what the image starts; with `mode`: in that network instead of one of its own.
   * False: a container of that name is there already.
   */
  create(spec: InstanceSpec, how?: { command?: string; mode?: string }): Promise<boolean>;
  start(spec: InstanceSpec): Promise<void>;
  /** Ends it and the place it is in at once. Does nothing when they are gone. */
  remove(ref: string): Promise<void>;
}

export function startFailed(cause: unknown, detail = sentenceOf(cause)): TealError {
  return new TealError('start_failed', { detail }, { cause });
}

/** `runtime`: what Docker runs instances with, by the name it knows it by; null: its default. */
export function createContainers(
  client: DockerClient,
  naming: Naming,
  { networks, runtime }: { networks: Networks; runtime: string | null },
): Containers {
  const container = (ref: string) => client.docker.getContainer(ref);

  async function create(
    spec: InstanceSpec,
    how: { command?: string; mode?: string },
    attempt: number,
  ): Promise<boolean> {
    const network = how.mode ?? (await networks.ensure(spec.appId));
    const place = { name: naming.instanceRef(spec.instanceId), network, labels: naming.labels(spec.appId), runtime };
    try {
      await client.call(QUICK_MS, (abortSignal) =>
        client.docker.createContainer({ ...containerOptions(spec, place, how.command), abortSignal }),
      );
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 409) return false;
      if (status === 404 && /no such image/i.test(sentenceOf(error))) {
        throw new TealError('image_gone', {}, { cause: error });
      }
      if (status === 404 && attempt === 1 && how.mode === undefined) {
        networks.forget(spec.appId);
        return create(spec, how, 2);
      }
      throw status === null ? error : startFailed(error);
    }
  }

  async function start(spec: InstanceSpec, attempt: number): Promise<void> {
    const ref = naming.instanceRef(spec.instanceId);
    try {
      await client.call(SLOW_MS, (abortSignal) => container(ref).start({ abortSignal }));
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 && attempt === 1 && /network/i.test(sentenceOf(error))) {
        networks.forget(spec.appId);
        await networks.ensure(spec.appId);
        return start(spec, 2);
      }
      throw status === null ? error : startFailed(error);
    }
  }

  async function removeOne(ref: string): Promise<void> {
    try {
      await client.call(SLOW_MS, (abortSignal) => container(ref).remove({ force: true, v: true, abortSignal }));
    } catch (error) {
      if (statusOf(error) === 404) return;
      // 409: its removal is in progress already
      if (statusOf(error) !== 409) throw error;
      await orNull(client.call(SLOW_MS, (abortSignal) => container(ref).wait({ condition: 'removed', abortSignal })));
    }
  }

  return {
    create: (spec, how = {}) => create(spec, how, 1),
    start: (spec) => start(spec, 1),
    async remove(ref) {
      await Promise.all([ref, naming.placeRef(ref)].map(removeOne));
    },
  };
}
