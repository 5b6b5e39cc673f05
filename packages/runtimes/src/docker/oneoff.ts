/** Runs one command in a container of its own, to its end. Its output is read from the container, not from a log of Docker's. */
import { TealError } from '@teal/core';
import type { InstanceSpec, OneOff } from '@teal/deployer';
import { type DockerClient, QUICK_MS, sentenceOf, statusOf } from './client.ts';
import { type Containers, startFailed } from './containers.ts';
import { readLines } from './logs.ts';
import type { Naming } from './naming.ts';

export type RunOneOff = (spec: InstanceSpec, once: OneOff) => Promise<{ exitCode: number }>;

/** 128 + SIGKILL: what a container that was removed from under its command would have answered. */
const KILLED = 137;

export function createOneOffs(client: DockerClient, naming: Naming, containers: Containers): RunOneOff {
  const container = (ref: string) => client.docker.getContainer(ref);
  /** Settled when nothing of it is left. */
  const running = new Map<string, Promise<unknown>>();

  /** What a crash left is ended first. */
  async function createAnew(spec: InstanceSpec, ref: string, command: string): Promise<void> {
    if (await containers.create(spec, { command })) return;
    await containers.remove(ref);
    if (!(await containers.create(spec, { command }))) throw startFailed(null, 'its name is taken');
  }

  /** Attached before the start, so that nothing it says is missed. */
  async function attach(ref: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const wanted = { stream: true, stdout: true, stderr: true, abortSignal: signal };
    return client.call(QUICK_MS, () => container(ref).attach(wanted), signal) as unknown as AsyncIterable<Buffer>;
  }

  async function exitCodeOf(ref: string, abortSignal: AbortSignal): Promise<number> {
    try {
      const end = (await container(ref).wait({ abortSignal })) as { StatusCode: number };
      return end.StatusCode;
    } catch (error) {
      if (statusOf(error) === 404) return KILLED;
      throw error;
    }
  }

  async function runToEnd(spec: InstanceSpec, ref: string, { command, log, signal }: OneOff): Promise<number> {
    await createAnew(spec, ref, command);
    const output = await attach(ref, signal);
    await containers.start(spec);
    for await (const line of readLines(output)) log(line);
    return exitCodeOf(ref, signal);
  }

  async function run(spec: InstanceSpec, ref: string, once: OneOff): Promise<{ exitCode: number }> {
    const { signal } = once;
    try {
      const exitCode = await runToEnd(spec, ref, once);
      signal.throwIfAborted();
      return { exitCode };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TealError || statusOf(error) !== null) throw error;
      throw new TealError('engine_unavailable', { engine: 'docker', detail: sentenceOf(error) }, { cause: error });
    } finally {
      // what cannot be removed now is unknown to the database, and goes with the next round of the reconciler
      await containers.remove(ref).catch(() => undefined);
    }
  }

  return async (spec, once) => {
    once.signal.throwIfAborted();
    const ref = naming.instanceRef(spec.instanceId);
    const before = running.get(ref);
    if (before !== undefined) {
      await containers.remove(ref);
      await before;
    }
    const mine = run(spec, ref, once);
    const settled = mine.catch(() => undefined);
    running.set(ref, settled);
    try {
      return await mine;
    } finally {
      if (running.get(ref) === settled) running.delete(ref);
    }
  };
}
