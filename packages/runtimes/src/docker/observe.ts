/** Looks at instances: what there is, where it listens, what it printed. Changes nothing. */
import type { Listener, ObservedInstance } from '@teal/core';
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
  inspect(ref: string): Promise<ObservedInstance | null>;
  list(): Promise<ObservedInstance[]>;
  listeners(ref: string): Promise<Listener[] | null>;
  logs(ref: string, request: LogRequest): AsyncIterable<string>;
}

const STATUS: Readonly<Record<string, ObservedInstance['status']>> = { running: 'running', paused: 'frozen' };

export function addressOf(networks: Record<string, { IPAddress?: string }> | undefined): ObservedInstance['address'] {
  const host = Object.values(networks ?? {}).find((network) => network.IPAddress)?.IPAddress;
  return host === undefined ? null : { host, port: INSTANCE_PORT };
}

function observed(
  ref: string,
  labels: Readonly<Record<string, string>>,
  state: string,
  networks: Record<string, { IPAddress?: string }> | undefined,
): ObservedInstance {
  return {
    instanceId: labels[LABEL.instance] ?? '',
    appId: labels[LABEL.app] ?? '',
    ref,
    status: STATUS[state] ?? 'exited',
    address: addressOf(networks),
  };
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

  return {
    look,
    async inspect(ref) {
      const info = await look(ref);
      if (info === null) return null;
      return observed(ref, info.Config.Labels, info.State.Status, info.NetworkSettings.Networks);
    },
    async list() {
      const filters = JSON.stringify(naming.ownFilter());
      const found = await client.call(QUICK_MS, (abortSignal) =>
        docker.listContainers({ all: true, filters, abortSignal }),
      );
      return found.map((info) => {
        const ref = info.Names[0]?.replace(/^\//, '') ?? info.Id;
        return observed(ref, info.Labels, info.State, info.NetworkSettings?.Networks);
      });
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
