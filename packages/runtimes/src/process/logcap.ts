/** Keeps the output files of all instances within bounds. A file that others write has no event for its size. */
import { capLog } from './logs.ts';
import type { Layout } from './options.ts';
import { readRecords } from './record.ts';

const LOOK_EVERY_MS = 2_000;

export class LogCap {
  readonly #layout: Layout;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();

  constructor(layout: Layout, log: (line: string) => void) {
    this.#layout = layout;
    this.#timer = setInterval(() => {
      this.#running = this.#running
        .then(() => this.#look())
        .catch((error: unknown) => log(`process engine: an output file could not be cut: ${String(error)}`));
    }, LOOK_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    for (const { spec } of await readRecords(this.#layout)) await capLog(this.#layout.instance(spec.instanceId));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }
}
