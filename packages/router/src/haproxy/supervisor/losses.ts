/**
 * Counts the lines of its log that HAProxy threw away because nobody read them in time: their requests are in no figure and
 * in no access log. HAProxy never waits for a reader. Mends nothing.
 */
import type { Generation } from './generation.ts';

const LOOK_MS = 1_000;

export interface LossesOptions {
  generations(): readonly Generation[];
  /** Called with how many more were lost. */
  lost(count: number): void;
}

export class Losses {
  readonly #options: LossesOptions;
  readonly #known = new WeakMap<Generation, number>();
  #total = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LossesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(async () => {
      await this.count();
      if (this.#timer !== null) this.start();
    }, LOOK_MS);
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** All that were lost since the supervisor began, as far as its HAProxies still say. */
  async count(): Promise<number> {
    await Promise.all(this.#options.generations().map((generation) => this.#look(generation).catch(() => {})));
    return this.#total;
  }

  async #look(generation: Generation): Promise<void> {
    const now = droppedIn(await generation.ask('show info'));
    const more = now - (this.#known.get(generation) ?? 0);
    if (more <= 0) return;
    this.#known.set(generation, now);
    this.#total += more;
    this.#options.lost(more);
  }
}

function droppedIn(info: string): number {
  return Number(/^DroppedLogs: (\d+)$/m.exec(info)?.[1] ?? 0);
}
