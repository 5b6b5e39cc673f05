/** Instances as containers: start, sleep, wake, stop. Decides nothing about when. */
import type { Address, TealError } from '@teal/core';
import type { InstanceSpec, StartedInstance } from '@teal/deployer';
import type Docker from 'dockerode';
import { type DockerClient, orNull, QUICK_MS, SLOW_MS, statusOf } from './client.ts';
import { type Containers, startFailed } from './containers.ts';
import type { Naming } from './naming.ts';
import type { Observer } from './observe.ts';
import type { Place, Places } from './place.ts';

export interface Instances {
  start(spec: InstanceSpec, signal: AbortSignal): Promise<StartedInstance>;
  setRestart(ref: string, restart: boolean): Promise<void>;
  sleep(ref: string): Promise<void>;
  wake(ref: string): Promise<StartedInstance>;
  stop(ref: string, graceMs: number): Promise<void>;
}

const LAST_WORDS = 5;

function started(ref: string, info: Docker.ContainerInspectInfo, address: Address | null): StartedInstance {
  if (address === null || !info.State.Running) {
    throw startFailed(null, `it has ended with exit code ${info.State.ExitCode}`);
  }
  return { ref, address, startedAt: new Date(info.State.StartedAt) };
}

/** An answer with a status says that it does not run or is gone: both are what a stop wants. */
function rethrowWithoutStatus(error: unknown): void {
  if (statusOf(error) === null) throw error;
}

export function createInstances(
  client: DockerClient,
  naming: Naming,
  parts: { containers: Containers; observer: Observer; places: Places },
): Instances {
  const { containers, observer, places } = parts;
  const container = (ref: string) => client.docker.getContainer(ref);

  async function launch(spec: InstanceSpec, ref: string, placed: Address | null): Promise<StartedInstance> {
    await containers.start(spec);
    const info = await observer.look(ref);
    if (info === null) throw startFailed(null, 'it was removed while it started');
    if (!info.State.Running) throw await endedAtOnce(ref, info.State.ExitCode);
    return started(ref, info, placed ?? (await observer.addressOf(ref, info)));
  }

  /** Its container goes with the failure, so the failure carries what it said. */
  async function endedAtOnce(ref: string, exitCode: number): Promise<TealError> {
    const said: string[] = [];
    for await (const line of observer.logs(ref, { tailLines: LAST_WORDS, follow: false })) said.push(line.trim());
    const words = said.length === 0 ? '' : `: ${said.join(' | ').slice(0, 500)}`;
    return startFailed(null, `it ended at once with exit code ${exitCode}${words}`);
  }

  async function run(spec: InstanceSpec, place: Place | null, signal: AbortSignal): Promise<StartedInstance> {
    const ref = naming.instanceRef(spec.instanceId);
    if (!(await containers.create(spec, place ?? {}))) {
      const info = await observer.look(ref);
      const address = info?.State.Running && !info.State.Paused ? await observer.addressOf(ref, info) : null;
      if (info !== null && address !== null) return started(ref, info, address);
      // its place goes with what was left of it
      await containers.remove(ref);
      if (!(await containers.create(spec))) throw startFailed(null, 'its name is taken');
      return launch(spec, ref, null);
    }
    const address = (await place?.address) ?? null;
    signal.throwIfAborted();
    return launch(spec, ref, address);
  }

  async function runInPlace(spec: InstanceSpec, signal: AbortSignal): Promise<StartedInstance> {
    const place = await places.of(spec.instanceId);
    try {
      return await run(spec, place, signal);
    } catch (error) {
      if (place === null || (await places.isThere(spec.instanceId))) throw error;
      await containers.remove(naming.instanceRef(spec.instanceId));
      return run(spec, null, signal);
    } finally {
      places.forget(spec.instanceId);
    }
  }

  return {
    async start(spec, signal) {
      signal.throwIfAborted();
      try {
        const instance = await runInPlace(spec, signal);
        signal.throwIfAborted();
        return instance;
      } catch (error) {
        // nothing half-started stays; the first error is the one to tell
        await containers.remove(naming.instanceRef(spec.instanceId)).catch(() => undefined);
        throw error;
      }
    },

    async setRestart(ref, restart) {
      if (!naming.isOwnInstance(ref)) return;
      const RestartPolicy = { Name: restart ? 'unless-stopped' : 'no' };
      await orNull(client.call(QUICK_MS, (abortSignal) => container(ref).update({ RestartPolicy, abortSignal })));
    },

    async sleep(ref) {
      if (!naming.isOwnInstance(ref)) return;
      try {
        await client.call(QUICK_MS, (abortSignal) => container(ref).pause({ abortSignal }));
      } catch (error) {
        if (statusOf(error) === null) throw error;
        const info = await observer.look(ref);
        if (!info?.State.Paused) throw startFailed(error, 'it does not run any more');
      }
    },

    async wake(ref) {
      // an answer with a status: it is not paused, or gone; what it is now decides
      if (naming.isOwnInstance(ref)) {
        await client
          .call(QUICK_MS, (abortSignal) => container(ref).unpause({ abortSignal }))
          .catch(rethrowWithoutStatus);
      }
      const info = await observer.look(ref);
      if (info === null) throw startFailed(null, 'it is gone');
      return started(ref, info, await observer.addressOf(ref, info));
    },

    async stop(ref, graceMs) {
      if (!naming.isOwnInstance(ref)) return;
      if (graceMs > 0) {
        // a paused container takes no signal
        await client
          .call(QUICK_MS, (abortSignal) => container(ref).unpause({ abortSignal }))
          .catch(rethrowWithoutStatus);
        const t = Math.ceil(graceMs / 1000);
        const stop = client.call(graceMs + SLOW_MS, (abortSignal) => container(ref).stop({ t, abortSignal }));
        await stop.catch(rethrowWithoutStatus);
      }
      await containers.remove(ref);
    },
  };
}
