/** The HAProxy processes: the one that serves, and those that end with their last connection. Knows no app. */
import type { Generation } from './generation.ts';

export interface PlaneLog {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}

export interface PlaneOptions {
  /** Renders from what is known now and starts one. */
  launch(number: number): Promise<Generation>;
  /** Called after each change of the set of processes. */
  changed(generations: readonly Generation[]): void;
  log: PlaneLog;
}

/** A HAProxy that died is followed at once; one that keeps dying, more and more slowly. */
const RETRY_MS = [0, 50, 200, 1_000, 2_000];
const LOOK_MS = 500;

export class Plane {
  readonly #options: PlaneOptions;
  #generations: Generation[] = [];
  #starting: Promise<void> | null = null;
  #numbers = 0;
  #serving = false;
  #closing = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: PlaneOptions) {
    this.#options = options;
  }

  get isServing(): boolean {
    return this.#serving;
  }

  get generations(): readonly Generation[] {
    return this.#generations;
  }

  /** Starts the first, or one more beside those that run, which then end softly. Rejects where it does not start. */
  async renew(): Promise<void> {
    while (this.#starting !== null) await this.#starting;
    const starting = this.#launch();
    this.#starting = starting
      .catch(() => {})
      .finally(() => {
        this.#starting = null;
      });
    await starting;
    this.#serving = true;
  }

  /**
   * Calls `act` for every process that runs; resolves when it is done for the one that serves. That one may die meanwhile:
   * `act` is called for its successor too, so it must bear repetition.
   */
  async each(act: (generation: Generation) => Promise<void>): Promise<void> {
    while (this.#serving && !this.#closing) {
      if (this.#starting !== null) await this.#starting;
      const all = [...this.#generations];
      const current = all.at(-1);
      if (current === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const others = all.slice(0, -1).map((older) => act(older).catch((error) => this.#shrug(older, error)));
      try {
        await act(current);
        await Promise.all(others);
        return;
      } catch (error) {
        if (current.isAnswering) throw error;
        await current.ended;
      }
    }
  }

  /** What the one that serves says. */
  async ask<T>(question: (generation: Generation) => Promise<T>): Promise<T> {
    let answer: T | undefined;
    await this.each(async (generation) => {
      if (generation === this.#generations.at(-1)) answer = await question(generation);
    });
    return answer as T;
  }

  stopSoftly(): void {
    this.#closing = true;
    for (const generation of this.#generations) this.#retire(generation);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#starting;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const generation of this.#generations) generation.kill();
    await this.ended();
  }

  async ended(): Promise<void> {
    await Promise.all(this.#generations.map((generation) => generation.ended));
  }

  async #launch(): Promise<void> {
    this.#numbers += 1;
    const next = await this.#options.launch(this.#numbers);
    const before = this.#generations;
    this.#generations = [...before, next];
    this.#options.changed(this.#generations);
    next.ended.then(() => this.#gone(next));
    for (const generation of before) this.#retire(generation);
  }

  #gone(generation: Generation): void {
    const served = this.#generations.at(-1) === generation;
    this.#generations = this.#generations.filter((other) => other !== generation);
    this.#options.changed(this.#generations);
    if (this.#closing || !served || generation.stopping) return;
    this.#options.log.warn({ pid: generation.mark.pid }, 'HAProxy ended; it is started again');
    this.#starting = this.#again().finally(() => {
      this.#starting = null;
    });
  }

  async #again(): Promise<void> {
    for (let round = 0; !this.#closing; round += 1) {
      const waitMs = RETRY_MS[Math.min(round, RETRY_MS.length - 1)] ?? 0;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        await this.#launch();
        return;
      } catch (error) {
        this.#options.log.warn({ err: error }, 'HAProxy could not be started; it is tried again');
      }
    }
  }

  /** Our own admin connection is the last one, and would keep it alive. */
  #retire(generation: Generation): void {
    generation.stopSoftly();
    const look = async () => {
      const info = await generation.ask('show info').catch(() => null);
      const connections = Number(/^CurrConns: (\d+)$/m.exec(info ?? '')?.[1] ?? 0);
      if (connections <= 1) generation.letGo();
      else later();
    };
    const later = () => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void look();
      }, LOOK_MS);
      this.#timers.add(timer);
    };
    later();
  }

  #shrug(generation: Generation, error: unknown): void {
    if (generation.isAnswering) this.#options.log.warn({ err: error }, 'an older HAProxy did not take a change');
  }
}
