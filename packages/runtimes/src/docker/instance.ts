/** Instances as containers: start, sleep, wake, stop, look. Decides nothing about when. */
import { type Listener, type ObservedInstance, TealError } from '@teal/core';
import type { InstanceSpec, StartedInstance } from '@teal/deployer';
import type Docker from 'dockerode';
import { type DockerClient, orNull, QUICK_MS, SLOW_MS, sentenceOf, statusOf } from './client.ts';
import { containerOptions, INSTANCE_PORT } from './container.ts';
import { readListeners } from './listeners.ts';
import { readLines } from './logs.ts';
import { LABEL, type Naming } from './naming.ts';
import type { Networks } from './network.ts';

export interface Instances {
  start(spec: InstanceSpec, signal: AbortSignal): Promise<StartedInstance>;
  setRestart(ref: string, restart: boolean): Promise<void>;
  sleep(ref: string): Promise<void>;
  wake(ref: string): Promise<StartedInstance>;
  stop(ref: string, graceMs: number): Promise<void>;
  inspect(ref: string): Promise<ObservedInstance | null>;
  list(): Promise<ObservedInstance[]>;
  listeners(ref: string): Promise<Listener[] | null>;
  logs(ref: string, options: { tailLines: number; follow: boolean; signal?: AbortSignal }): AsyncIterable<string>;
}

const STATUS: Readonly<Record<string, ObservedInstance['status']>> = { running: 'running', paused: 'frozen' };

function addressOf(networks: Record<string, { IPAddress?: string }> | undefined): ObservedInstance['address'] {
  const host = Object.values(networks ?? {}).find((network) => network.IPAddress)?.IPAddress;
  return host === undefined ? null : { host, port: INSTANCE_PORT };
}

function startFailed(cause: unknown, detail = sentenceOf(cause)): TealError {
  return new TealError('start_failed', { detail }, { cause });
}

export function createInstances(client: DockerClient, naming: Naming, networks: Networks): Instances {
  const { docker } = client;
  const container = (ref: string) => docker.getContainer(ref);

  async function look(ref: string): Promise<Docker.ContainerInspectInfo | null> {
    if (!naming.isOwnInstance(ref)) return null;
    return orNull(client.call(QUICK_MS, (abortSignal) => container(ref).inspect({ abortSignal })));
  }

  function started(ref: string, info: Docker.ContainerInspectInfo): StartedInstance {
    const address = addressOf(info.NetworkSettings.Networks);
    if (address === null || !info.State.Running) {
      throw startFailed(null, `it ended at once with exit code ${info.State.ExitCode}`);
    }
    return { ref, address, startedAt: new Date(info.State.StartedAt) };
  }

  async function remove(ref: string): Promise<void> {
    try {
      await client.call(SLOW_MS, (abortSignal) => container(ref).remove({ force: true, v: true, abortSignal }));
    } catch (error) {
      if (statusOf(error) === 404) return;
      // 409: its removal is in progress already
      if (statusOf(error) !== 409) throw error;
      await orNull(client.call(SLOW_MS, (abortSignal) => container(ref).wait({ condition: 'removed', abortSignal })));
    }
  }

  /** Null: a container of that name is there already. */
  async function create(spec: InstanceSpec, attempt = 1): Promise<Docker.Container | null> {
    const ref = naming.instanceRef(spec.instanceId);
    const network = await networks.ensure(spec.appId);
    try {
      const options = containerOptions(spec, { name: ref, network, labels: naming.labels(spec.appId) });
      return await client.call(QUICK_MS, (abortSignal) => docker.createContainer({ ...options, abortSignal }));
    } catch (error) {
      const status = statusOf(error);
      const said = sentenceOf(error);
      if (status === 409) return null;
      if (status === 404 && /image/i.test(said)) throw new TealError('image_gone', {}, { cause: error });
      if (status === 404 && attempt === 1) {
        networks.forget(spec.appId);
        return create(spec, 2);
      }
      throw status === null ? error : startFailed(error);
    }
  }

  async function run(spec: InstanceSpec, signal: AbortSignal): Promise<StartedInstance> {
    const ref = naming.instanceRef(spec.instanceId);
    const created = await create(spec);
    if (created === null) {
      const info = await look(ref);
      if (info?.State.Running && !info.State.Paused) return started(ref, info);
      await remove(ref);
      if ((await create(spec)) === null) throw startFailed(null, 'its name is taken');
    }
    signal.throwIfAborted();
    try {
      await client.call(SLOW_MS, (abortSignal) => container(ref).start({ abortSignal }));
    } catch (error) {
      if (statusOf(error) === 404 && /network/i.test(sentenceOf(error))) networks.forget(spec.appId);
      throw statusOf(error) === null ? error : startFailed(error);
    }
    const info = await look(ref);
    if (info === null) throw startFailed(null, 'it was removed while it started');
    return started(ref, info);
  }

  return {
    async start(spec, signal) {
      signal.throwIfAborted();
      try {
        const instance = await run(spec, signal);
        signal.throwIfAborted();
        return instance;
      } catch (error) {
        // nothing half-started stays; the first error is the one to tell
        await remove(naming.instanceRef(spec.instanceId)).catch(() => undefined);
        throw error;
      }
    },

    async setRestart(ref, restart) {
      if (!naming.isOwnInstance(ref)) return;
      const RestartPolicy = { Name: restart ? 'unless-stopped' : 'no' };
      await client.call(QUICK_MS, (abortSignal) => container(ref).update({ RestartPolicy, abortSignal }));
    },

    async sleep(ref) {
      if (!naming.isOwnInstance(ref)) return;
      try {
        await client.call(QUICK_MS, (abortSignal) => container(ref).pause({ abortSignal }));
      } catch (error) {
        if (statusOf(error) === null) throw error;
        const info = await look(ref);
        if (!info?.State.Paused) throw startFailed(error, 'it does not run any more');
      }
    },

    async wake(ref) {
      try {
        if (naming.isOwnInstance(ref)) {
          await client.call(QUICK_MS, (abortSignal) => container(ref).unpause({ abortSignal }));
        }
      } catch (error) {
        // not paused, or gone: what it is now decides
        if (statusOf(error) === null) throw error;
      }
      const info = await look(ref);
      if (info === null) throw startFailed(null, 'it is gone');
      return started(ref, info);
    },

    async stop(ref, graceMs) {
      if (!naming.isOwnInstance(ref)) return;
      const seconds = Math.ceil(graceMs / 1000);
      if (seconds > 0) {
        // a paused container takes no signal
        await client
          .call(QUICK_MS, (abortSignal) => container(ref).unpause({ abortSignal }))
          .catch(rethrowWithoutStatus);
        await client
          .call(graceMs + SLOW_MS, (abortSignal) => container(ref).stop({ t: seconds, abortSignal }))
          .catch(rethrowWithoutStatus);
      }
      await remove(ref);
    },

    async inspect(ref) {
      const info = await look(ref);
      if (info === null) return null;
      return {
        instanceId: info.Config.Labels[LABEL.instance] ?? '',
        appId: info.Config.Labels[LABEL.app] ?? '',
        ref,
        status: STATUS[info.State.Status] ?? 'exited',
        address: addressOf(info.NetworkSettings.Networks),
      };
    },

    async list() {
      const filters = JSON.stringify(naming.ownFilter());
      const found = await client.call(QUICK_MS, (abortSignal) =>
        docker.listContainers({ all: true, filters, abortSignal }),
      );
      return found.map((info) => ({
        instanceId: info.Labels[LABEL.instance] ?? '',
        appId: info.Labels[LABEL.app] ?? '',
        ref: info.Names[0]?.replace(/^\//, '') ?? info.Id,
        status: STATUS[info.State] ?? 'exited',
        address: addressOf(info.NetworkSettings?.Networks),
      }));
    },

    async listeners(ref) {
      const pid = (await look(ref))?.State.Pid ?? 0;
      return pid === 0 ? null : readListeners(pid);
    },

    async *logs(ref, { tailLines, follow, signal }) {
      if (!naming.isOwnInstance(ref) || signal?.aborted) return;
      const stream = await openLog(ref, tailLines, follow, signal);
      if (stream === null) return;
      try {
        yield* readLines(stream);
      } catch (error) {
        if (!signal?.aborted) throw error;
      }
    },
  };

  async function openLog(ref: string, tail: number, follow: boolean, signal: AbortSignal | undefined) {
    const wanted = { stdout: true, stderr: true, tail };
    try {
      if (!follow) {
        const whole = client.call(SLOW_MS, (abortSignal) =>
          container(ref).logs({ ...wanted, follow: false, abortSignal }),
        );
        return chunksOf(await whole);
      }
      const stream = await container(ref).logs({ ...wanted, follow: true, abortSignal: signal });
      return stream as unknown as AsyncIterable<Buffer>;
    } catch (error) {
      if (signal?.aborted || statusOf(error) === 404) return null;
      throw error;
    }
  }
}

async function* chunksOf(whole: Buffer): AsyncGenerator<Buffer> {
  yield whole;
}

function rethrowWithoutStatus(error: unknown): void {
  // an answer with a status says that it does not run or is gone: both are what a stop wants
  if (statusOf(error) === null) throw error;
}
