/** Notices the end of instances: children by their exit event, adopted ones by looking. Decides nothing. */
import type { ChildProcess } from 'node:child_process';
import { type ProcessIdentity, statusOf } from './session.ts';

/**
 * The kernel tells only a parent of a process's end; others could use a pidfd, which Node cannot. Looking at one small
 * file per adopted instance four times a second costs nothing that can be measured.
 */
const LOOK_EVERY_MS = 250;

export type OnExit = (instanceId: string, process: ProcessIdentity, exitCode: number | null) => void;

export class ExitWatch {
  readonly #adopted = new Map<string, ProcessIdentity>();
  readonly #onExit: OnExit;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(onExit: OnExit) {
    this.#onExit = onExit;
  }

  ofChild(instanceId: string, process: ProcessIdentity, child: ChildProcess): void {
    const tell = (exitCode: number | null) => {
      if (!this.#closed) this.#onExit(instanceId, process, exitCode);
    };
    // It may have ended already, with its event told before anybody listened.
    if (child.exitCode !== null || child.signalCode !== null) tell(child.exitCode);
    else child.once('exit', tell);
  }

  /** The exit code of an adopted process is not to be had: it goes to its new parent. */
  ofAdopted(instanceId: string, process: ProcessIdentity): void {
    this.#adopted.set(instanceId, process);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    for (const [instanceId, process] of this.#adopted) {
      if (statusOf(process) !== 'gone') continue;
      this.#adopted.delete(instanceId);
      this.#onExit(instanceId, process, null);
    }
    if (this.#adopted.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  close(): void {
    this.#closed = true;
    this.#adopted.clear();
    this.#stop();
  }
}
