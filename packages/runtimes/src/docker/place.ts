/**
 * Networks of instances to come, each held by a container that only sleeps. Docker takes longer to set a network up than to start
 * a program in one that is there, and a network, unlike the program, can be had before the image is built. Starts no instance.
 */
import type { Address } from '@teal/core';
import type Docker from 'dockerode';
import { type DockerClient, orNull, QUICK_MS, SLOW_MS, statusOf } from './client.ts';
import { LABEL, type Naming } from './naming.ts';
import type { Networks } from './network.ts';
import { addressOf } from './observe.ts';

export interface Place {
  /** For `NetworkMode` of the container that joins it. */
  mode: string;
  /** Where it can be reached, once it can be joined; null when it came to nothing. */
  address: Promise<Address | null>;
}

export interface Places {
  /** Resolves when it is there, or cannot be had: then its instance gets a network of its own as it starts. */
  prepare(instanceId: string, appId: string): Promise<void>;
  /** The place of an instance, as soon as it has a name; null when none was prepared by this engine. */
  of(instanceId: string): Promise<Place | null>;
  /** False when somebody else has killed or removed what holds it. */
  isThere(instanceId: string): Promise<boolean>;
  /** Its instance has joined it, or has been removed. */
  forget(instanceId: string): void;
}

interface PlaceParts {
  client: DockerClient;
  naming: Naming;
  networks: Networks;
  /** Any image that has `sleep`; null where there is none yet. */
  image(): Promise<string | null>;
}

const MIB = 1024 * 1024;
const NOBODY = '65534:65534';

export function createPlaces({ client, naming, networks, image }: PlaceParts): Places {
  const { docker } = client;
  let from: string | null = null;
  const prepared = new Map<string, Promise<Place | null>>();

  const nameOf = (instanceId: string) => naming.placeRef(naming.instanceRef(instanceId));

  async function make(instanceId: string, appId: string): Promise<Place | null> {
    const source = from ?? (await image());
    if (source === null) return null;
    from = source;
    const network = await networks.ensure(appId);
    const name = nameOf(instanceId);
    const labels = { ...naming.labels(appId), [LABEL.place]: instanceId };
    await client.call(QUICK_MS, (abortSignal) =>
      docker.createContainer({ ...placeOptions(source, network), name, Labels: labels, abortSignal }),
    );
    return { mode: `container:${name}`, address: open(name).catch(() => null) };
  }

  async function open(name: string): Promise<Address | null> {
    const container = docker.getContainer(name);
    await client.call(SLOW_MS, (abortSignal) => container.start({ abortSignal }));
    const info = await client.call(QUICK_MS, (abortSignal) => container.inspect({ abortSignal }));
    return addressOf(info.NetworkSettings.Networks);
  }

  function begin(instanceId: string, appId: string): Promise<Place | null> {
    return make(instanceId, appId).catch((error) => {
      // the image is gone, or the network
      if (statusOf(error) === 404) {
        from = null;
        networks.forget(appId);
      }
      return null;
    });
  }

  return {
    async prepare(instanceId, appId) {
      const place = prepared.get(instanceId) ?? begin(instanceId, appId);
      prepared.set(instanceId, place);
      await (await place)?.address;
    },
    of: async (instanceId) => (await prepared.get(instanceId)) ?? null,
    async isThere(instanceId) {
      const holder = docker.getContainer(nameOf(instanceId));
      const info = await orNull(client.call(QUICK_MS, (abortSignal) => holder.inspect({ abortSignal })));
      return info?.State.Running ?? false;
    },
    forget: (instanceId) => void prepared.delete(instanceId),
  };
}

function placeOptions(image: string, network: string): Docker.ContainerCreateOptions {
  return {
    Image: image,
    Entrypoint: ['sleep'],
    Cmd: ['infinity'],
    User: NOBODY,
    HostConfig: {
      NetworkMode: network,
      Memory: 32 * MIB,
      MemorySwap: 32 * MIB,
      PidsLimit: 16,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      // started again it would hold another network than the one its instance is in
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}
