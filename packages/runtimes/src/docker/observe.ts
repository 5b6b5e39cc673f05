/** Looks at instances: what there is, where it listens, what it printed. Changes nothing. */
import type { Address, Listener, ObservedInstance } from '@teal/core';
import type Docker from 'dockerode';
import { type DockerClient, orNull, QUICK_MS, SLOW_MS, statusOf } from './client.ts';
import { INSTANCE_PORT } from './container.ts';
import { readListeners } from './listeners.ts';
import { readLines } from './logs.ts';
import { LABEL, type Naming } from './naming.ts';

export interface LogRequest {
  tailLines: number;
  follow: boolean;
  signal?: AbortSignal;
}

export interface Observer {
  /** The daemon's own answer; null when the container is gone or not this platform's. */
  look(ref: string): Promise<Docker.ContainerInspectInfo | null>;
  /** Where it answers: in its own network, or in that of its place. Null when that is gone. */
  addressOf(ref: string, info: Docker.ContainerInspectInfo): Promise<Address | null>;
  inspect(ref: string): Promise<ObservedInstance | null>;
  list(): Promise<ObservedInstance[]>;
  listeners(ref: string): Promise<Listener[] | null>;
  logs(ref: string, request: LogRequest): AsyncIterable<string>;
}

const STATUS: Readonly<Record<string, ObservedInstance['status']>> = { running: 'running', paused: 'frozen' };

type Attachments = Record<string, { IPAddress?: string }> | undefined;

export function addressOf(networks: Attachments): Address | null {
  const host = Object.values(networks ?? {}).find((network) => network.IPAddress)?.IPAddress;
  return host === undefined ? null : { host, port: INSTANCE_PORT };
}

interface Sight {
  ref: string;
  labels: Readonly<Record<string, string>>;
  state: string;
  address: Address | null;
  /** In a place: then without that place's network nobody reaches it, and it has as good as ended. */
  joined: boolean;
}

function observed({ ref, labels, state, address, joined }: Sight): ObservedInstance {
  const isCutOff = joined && address === null;
  return {
    instanceId: labels[LABEL.instance] ?? '',
    appId: labels[LABEL.app] ?? '',
    ref,
    status: isCutOff ? 'exited' : (STATUS[state] ?? 'exited'),
    address,
  };
}

const hasJoined = (host: { NetworkMode?: string | undefined }) => host.NetworkMode?.startsWith('container:') ?? false;

/** Places that no container has joined are instances that came to nothing: whoever lists them can remove them by their ref. */
function sightsOf(containers: readonly Docker.ContainerInfo[], naming: Naming): Sight[] {
  const isPlace = ({ Labels }: Docker.ContainerInfo) => LABEL.place in Labels;
  const places = new Map(containers.filter(isPlace).map((place) => [place.Labels[LABEL.place] ?? '', place]));
  const sights = containers
    .filter((container) => !isPlace(container))
    .map((info): Sight => {
      const joined = hasJoined(info.HostConfig);
      const place = joined ? places.get(info.Labels[LABEL.instance] ?? '') : undefined;
      places.delete(info.Labels[LABEL.instance] ?? '');
      const address = addressOf((joined ? place : info)?.NetworkSettings?.Networks);
      const ref = info.Names[0]?.replace(/^\//, '') ?? info.Id;
      return { ref, labels: info.Labels, state: info.State, address, joined };
    });
  for (const [instanceId, { Labels }] of places) {
    const labels = { ...Labels, [LABEL.instance]: instanceId };
    sights.push({ ref: naming.instanceRef(instanceId), labels, state: 'exited', address: null, joined: false });
  }
  return sights;
}

async function* chunksOf(whole: Buffer): AsyncGenerator<Buffer> {
  yield whole;
}

export function createObserver(client: DockerClient, naming: Naming): Observer {
  const { docker } = client;

  async function look(ref: string): Promise<Docker.ContainerInspectInfo | null> {
    if (!naming.isOwnInstance(ref)) return null;
    return orNull(client.call(QUICK_MS, (abortSignal) => docker.getContainer(ref).inspect({ abortSignal })));
  }

  async function openLog(ref: string, { tailLines, follow, signal }: LogRequest) {
    const container = docker.getContainer(ref);
    const wanted = { stdout: true, stderr: true, tail: tailLines };
    try {
      if (follow) {
        const stream = await container.logs({ ...wanted, follow, abortSignal: signal });
        return stream as unknown as AsyncIterable<Buffer>;
      }
      return chunksOf(
        await client.call(SLOW_MS, (abortSignal) => container.logs({ ...wanted, follow: false, abortSignal }), signal),
      );
    } catch (error) {
      if (signal?.aborted || statusOf(error) === 404) return null;
      throw error;
    }
  }

  async function addressIn(ref: string, info: Docker.ContainerInspectInfo): Promise<Address | null> {
    if (!hasJoined(info.HostConfig)) return addressOf(info.NetworkSettings.Networks);
    const place = await look(naming.placeRef(ref));
    return addressOf(place?.NetworkSettings.Networks);
  }

  return {
    look,
    addressOf: addressIn,
    async inspect(ref) {
      const info = await look(ref);
      if (info === null) return null;
      const address = await addressIn(ref, info);
      const { Labels: labels } = info.Config;
      return observed({ ref, labels, state: info.State.Status, address, joined: hasJoined(info.HostConfig) });
    },
    async list() {
      const filters = JSON.stringify(naming.ownFilter());
      const found = await client.call(QUICK_MS, (abortSignal) =>
        docker.listContainers({ all: true, filters, abortSignal }),
      );
      return sightsOf(found, naming).map(observed);
    },
    async listeners(ref) {
      const pid = (await look(ref))?.State.Pid ?? 0;
      return pid === 0 ? null : readListeners(pid);
    },
    async *logs(ref, request) {
      if (!naming.isOwnInstance(ref) || request.signal?.aborted) return;
      const chunks = await openLog(ref, request);
      if (chunks === null) return;
      try {
        yield* readLines(chunks);
      } catch (error) {
        if (!request.signal?.aborted) throw error;
      }
    },
  };
}
