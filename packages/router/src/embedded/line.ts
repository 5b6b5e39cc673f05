/** Requests of one app that wait for a free place at a member: first come, first served. Chooses no member. */

interface Waiter {
  /** False: there is still no place. */
  go(): boolean;
  timer: NodeJS.Timeout;
}

export interface WaitOptions {
  timeoutMs: number;
  /** Called when a place may be free; true when the request needs to wait no more. */
  go(): boolean;
  /** Called when the time is over; `go` is not called any more. */
  late(): void;
}

export class Line {
  readonly #waiters = new Set<Waiter>();

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /** Returns what takes the request out of the line. */
  join({ timeoutMs, go, late }: WaitOptions): () => void {
    const leave = () => {
      clearTimeout(waiter.timer);
      this.#waiters.delete(waiter);
    };
    const timer = setTimeout(() => {
      leave();
      late();
    }, timeoutMs);
    const waiter: Waiter = { go, timer };
    this.#waiters.add(waiter);
    return leave;
  }

  /** Lets those go for whom there is a place now. */
  advance(): void {
    for (const waiter of [...this.#waiters]) {
      if (!this.#waiters.has(waiter)) continue;
      if (!waiter.go()) return;
      clearTimeout(waiter.timer);
      this.#waiters.delete(waiter);
    }
  }
}
