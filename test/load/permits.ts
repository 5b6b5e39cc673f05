/** Shares a rate among many lines, first come, first served. What nobody takes is not caught up. */
const TICK_MS = 4;

export class Permits {
  readonly #perTick: number;
  readonly #waiting: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #due = 0;
  #lastAt = performance.now();

  constructor(ratePerSecond: number) {
    this.#perTick = ratePerSecond / 1_000;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  take(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets everybody go. */
  close(): void {
    clearInterval(this.#timer);
    for (const go of this.#waiting.splice(0)) go();
  }

  #tick(): void {
    const now = performance.now();
    // A backlog of at most 100 ms.
    this.#due += Math.min(100, now - this.#lastAt) * this.#perTick;
    this.#lastAt = now;
    const count = Math.floor(Math.min(this.#due, this.#waiting.length));
    this.#due = Math.min(this.#due - count, 1);
    for (const go of this.#waiting.splice(0, count)) go();
  }
}
