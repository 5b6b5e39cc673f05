/** The instances of one engine: start, sleep, wake, stop, restart after an end; one change per instance at a time. */
import { type ObservedInstance, TealError } from '@teal/core';
import type { EngineEvent, InstanceSpec, StartedInstance } from '@teal/deployer';
import type { BuildContext } from './build.ts';
import { ExitWatch } from './exits.ts';
import { readImage } from './image.ts';
import { launchProcess } from './launch.ts';
import { LogCap } from './logcap.ts';
import { addressOf, isSameProcess, observe, startedOf, statusOfRecord } from './observe.ts';
import { DEFAULT_PORT_RANGE, engineTrouble } from './options.ts';
import { reservePort } from './port.ts';
import { makeFolder } from './reach.ts';
import {
  clearRemoved,
  type InstanceRecord,
  instanceMarker,
  readRecord,
  readRecords,
  removeRecord,
  sessionOf,
  writeRecord,
} from './record.ts';
import { Restarts } from './restarts.ts';
import { endSession, freezeSession, killSession, leadersWith, type ProcessIdentity, thawSession } from './session.ts';
import { Turns } from './turn.ts';

export class Instances {
  readonly #context: BuildContext;
  readonly #emit: (event: EngineEvent) => void;
  readonly #turns = new Turns();
  readonly #exits: ExitWatch;
  /** Instances between their record and their process. */
  readonly #starting = new Set<string>();
  readonly #restarts = new Restarts((id) => this.#inBackground(id, () => this.#restart(id)));
  #logCap: LogCap | null = null;
  #closed = false;

  constructor(context: BuildContext, emit: (event: EngineEvent) => void) {
    this.#context = context;
    this.#emit = emit;
    this.#exits = new ExitWatch((id, process, exitCode) =>
      this.#inBackground(id, () => this.#ended(id, process, exitCode)),
    );
  }

  /** Finds again what an earlier Teal started; starts again what should run and does not. */
  async adopt(): Promise<void> {
    await clearRemoved(this.#context.layout);
    for (const record of await readRecords(this.#context.layout)) {
      const { instanceId } = record.spec;
      if (record.process === null) await this.#clearHalfStarted(record);
      else if (statusOfRecord(record) !== 'exited') this.#exits.ofAdopted(instanceId, record.process);
      else if (record.exit === null)
        this.#inBackground(instanceId, () => this.#ended(instanceId, record.process, null));
      else if (record.restart) this.#restartSoon(record);
    }
    this.#logCap = new LogCap(this.#context.layout, (line) => this.#context.options.log?.(line));
  }

  /** Teal died between writing the record and knowing the process: nobody knows it, so it goes. */
  async #clearHalfStarted(record: InstanceRecord): Promise<void> {
    const marker = instanceMarker(record.spec.instanceId);
    for (const leader of leadersWith(marker)) await killSession({ leader, marker });
    await writeRecord(this.#context.layout, { ...record, exit: { exitCode: null } });
    if (record.restart) this.#restartSoon(record);
  }

  start(spec: InstanceSpec, signal: AbortSignal): Promise<StartedInstance> {
    const { layout, options } = this.#context;
    return this.#turns.take(spec.instanceId, async () => {
      signal.throwIfAborted();
      const known = await readRecord(layout, spec.instanceId);
      if (known !== null && statusOfRecord(known) !== 'exited') return startedOf(known);
      if ((await readImage(layout, spec.imageRef)) === null) throw new TealError('image_gone');
      const range = options.portRange ?? DEFAULT_PORT_RANGE;
      const port = Number(spec.environment.PORT ?? (await reservePort(options.reservations, spec.instanceId, range)));
      const fresh: InstanceRecord = { spec, port, process: null, startedAt: null, restart: false, exit: null };
      await makeFolder(layout.instance(spec.instanceId), 0o700);
      try {
        return startedOf(await this.#launch(fresh));
      } catch (error) {
        await this.#forget(spec.instanceId);
        throw error;
      }
    });
  }

  async #launch(record: InstanceRecord): Promise<InstanceRecord> {
    const { instanceId } = record.spec;
    this.#starting.add(instanceId);
    try {
      // The record comes first: a process without one could never be found again.
      await writeRecord(this.#context.layout, { ...record, process: null, exit: null });
      const { child, process } = await launchProcess(this.#context, record);
      const running = { ...record, process, exit: null, startedAt: new Date().toISOString() };
      await writeRecord(this.#context.layout, running);
      this.#exits.ofChild(instanceId, process, child);
      return running;
    } finally {
      this.#starting.delete(instanceId);
    }
  }

  async #forget(instanceId: string): Promise<void> {
    this.#restarts.cancel(instanceId);
    await removeRecord(this.#context.layout, instanceId);
    await this.#context.options.reservations.release('port', instanceId);
  }

  setRestart(ref: string, restart: boolean): Promise<void> {
    return this.#turns.take(ref, async () => {
      const record = await readRecord(this.#context.layout, ref);
      if (record === null || record.restart === restart) return;
      const changed = { ...record, restart };
      await writeRecord(this.#context.layout, changed);
      if (!restart) this.#restarts.cancel(ref);
      else if (changed.exit !== null) this.#restartSoon(changed);
    });
  }

  sleep(ref: string): Promise<void> {
    return this.#turns.take(ref, async () => {
      const record = await readRecord(this.#context.layout, ref);
      const session = record === null ? null : sessionOf(record);
      if (session !== null && !(await freezeSession(session))) {
        thawSession(session);
        throw engineTrouble(`the processes of ${ref} could not be frozen`);
      }
    });
  }

  wake(ref: string): Promise<StartedInstance> {
    return this.#turns.take(ref, async () => {
      const record = await readRecord(this.#context.layout, ref);
      const session = record === null ? null : sessionOf(record);
      if (record === null || session === null || statusOfRecord(record) === 'exited') {
        throw new TealError('start_failed', { detail: 'the instance has ended' });
      }
      thawSession(session);
      return startedOf(record);
    });
  }

  stop(ref: string, graceMs: number): Promise<void> {
    return this.#turns.take(ref, async () => {
      const record = await readRecord(this.#context.layout, ref);
      if (record === null) return;
      // Whatever happens from here on, nobody starts it again.
      this.#restarts.cancel(ref);
      if (record.restart) await writeRecord(this.#context.layout, { ...record, restart: false });
      const session = sessionOf(record);
      if (session !== null) await endSession(session, graceMs);
      await this.#forget(ref);
    });
  }

  async #ended(instanceId: string, process: ProcessIdentity | null, exitCode: number | null): Promise<void> {
    const record = await readRecord(this.#context.layout, instanceId);
    const session = record === null ? null : sessionOf(record);
    if (record === null || session === null || process === null || this.#closed) return;
    if (record.exit !== null || !isSameProcess(record.process, process)) return;
    // What the leader left behind would keep the port.
    await killSession(session);
    const ended = { ...record, exit: { exitCode } };
    await writeRecord(this.#context.layout, ended);
    this.#emit({ type: 'exited', instanceId, appId: record.spec.appId, exitCode });
    if (ended.restart) this.#restartSoon(ended);
  }

  #restartSoon(record: InstanceRecord): void {
    const ranMs = Date.now() - new Date(record.startedAt ?? 0).getTime();
    this.#restarts.plan(record.spec.instanceId, ranMs);
  }

  async #restart(instanceId: string): Promise<void> {
    const record = await readRecord(this.#context.layout, instanceId);
    if (record === null || !record.restart || record.exit === null || this.#closed) return;
    try {
      const running = await this.#launch(record);
      this.#emit({ type: 'restarted', instanceId, appId: record.spec.appId, address: addressOf(running) });
    } catch (error) {
      await writeRecord(this.#context.layout, record);
      this.#restartSoon(record);
      throw error;
    }
  }

  async inspect(ref: string): Promise<ObservedInstance | null> {
    const record = await readRecord(this.#context.layout, ref);
    return record === null ? null : observe(record, this.#starting.has(ref));
  }

  async list(): Promise<ObservedInstance[]> {
    const records = await readRecords(this.#context.layout);
    return records.map((record) => observe(record, this.#starting.has(record.spec.instanceId)));
  }

  /** Work that nobody waits for: `close` does, and its trouble is told in the log. */
  #inBackground(instanceId: string, work: () => Promise<void>): void {
    if (this.#closed) return;
    this.#turns.take(instanceId, work).catch((error: unknown) => {
      this.#context.options.log?.(`process engine: ${instanceId}: ${error instanceof Error ? error.message : error}`);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#exits.close();
    this.#restarts.close();
    await Promise.all([this.#turns.settle(), this.#logCap?.close()]);
  }
}
