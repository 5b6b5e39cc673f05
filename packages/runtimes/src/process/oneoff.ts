/** Runs one command in an image, in a session of its own, to its end. Its record lets a later Teal find what a crash left. */
import { constants } from 'node:os';
import { TealError } from '@teal/core';
import type { InstanceSpec, OneOff } from '@teal/deployer';
import { type BuildContext, ensureHome } from './build.ts';
import { runCommand } from './command.ts';
import { composeEnvironment } from './environment.ts';
import { appFolder, type ImageDescription, readImage } from './image.ts';
import { DEFAULT_PORT_RANGE } from './options.ts';
import { reservePort } from './port.ts';
import { makeFolder } from './reach.ts';
import { type InstanceRecord, instanceMarker, writeRecord } from './record.ts';

interface Running {
  abort: AbortController;
  done: Promise<unknown>;
}

export class OneOffs {
  readonly #context: BuildContext;
  /** Removes the record and all that carries it. */
  readonly #remove: (instanceId: string) => Promise<void>;
  readonly #running = new Map<string, Running>();

  constructor(context: BuildContext, remove: (instanceId: string) => Promise<void>) {
    this.#context = context;
    this.#remove = remove;
  }

  async run(spec: InstanceSpec, once: OneOff): Promise<{ exitCode: number }> {
    const { instanceId } = spec;
    once.signal.throwIfAborted();
    await this.stop(instanceId);
    await this.#remove(instanceId);
    const abort = new AbortController();
    const work = this.#runToEnd(spec, { ...once, signal: AbortSignal.any([once.signal, abort.signal]) });
    const running = { abort, done: work.catch(() => {}) };
    this.#running.set(instanceId, running);
    try {
      return await work;
    } catch (error) {
      once.signal.throwIfAborted();
      // Ended from outside, as one whose container was removed.
      if (abort.signal.aborted) return { exitCode: exitCodeOf(null, 'SIGKILL') };
      throw error;
    } finally {
      if (this.#running.get(instanceId) === running) this.#running.delete(instanceId);
    }
  }

  async #runToEnd(spec: InstanceSpec, { command, log, signal }: OneOff): Promise<{ exitCode: number }> {
    const { layout, options } = this.#context;
    const image = await readImage(layout, spec.imageRef);
    if (image === null) throw new TealError('image_gone');
    let recorded = Promise.resolve();
    try {
      const record = await this.#record(spec);
      const { exitCode, killedBy } = await runCommand({
        argv: ['/bin/sh', '-c', command],
        cwd: appFolder(layout, spec.imageRef),
        environment: await this.#environmentOf(record, image),
        runAs: options.runAs,
        marker: instanceMarker(spec.instanceId),
        line: log,
        signal,
        started: (process) => {
          recorded = writeRecord(layout, { ...record, process, startedAt: new Date().toISOString() });
        },
      });
      return { exitCode: exitCodeOf(exitCode, killedBy) };
    } finally {
      // somebody else may have removed the record meanwhile
      await recorded.catch(() => {});
      await this.#remove(spec.instanceId);
    }
  }

  /** Comes before the process, which could not be found without it. */
  async #record(spec: InstanceSpec): Promise<InstanceRecord> {
    const { layout, options } = this.#context;
    const range = options.portRange ?? DEFAULT_PORT_RANGE;
    const { instanceId } = spec;
    const port = Number(spec.environment.PORT ?? (await reservePort(options.reservations, instanceId, range)));
    await makeFolder(layout.instance(instanceId), 0o700);
    const record = { spec, port, process: null, startedAt: null, restart: false, exit: null };
    await writeRecord(layout, record);
    return record;
  }

  async #environmentOf({ spec, port }: InstanceRecord, image: ImageDescription): Promise<Record<string, string>> {
    const { layout, options, tools } = this.#context;
    const home = await ensureHome(layout, spec.appId, options);
    const own = { ...spec.environment, PORT: String(port) };
    const folder = appFolder(layout, spec.imageRef);
    return composeEnvironment({ tools, home, folder, plan: image.plan, operator: options.environment ?? {}, own });
  }

  /** Ends it and waits until nothing of it is left. */
  async stop(instanceId: string): Promise<void> {
    const running = this.#running.get(instanceId);
    running?.abort.abort(new Error('it was stopped'));
    await running?.done;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((instanceId) => this.stop(instanceId)));
  }
}

/** As a shell tells it. */
function exitCodeOf(exitCode: number | null, killedBy: NodeJS.Signals | null): number {
  return exitCode ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
}
