/**
 * Virtual time and the one place where anything happens: port calls, their late replies, events and timers wait here, and
 * one of them happens at a time. What is due is chosen by `choose`; no real clock and no chance is asked.
 */

/** Whose turn it is; the turns of a frozen one wait, those of a dead one never come. */
export interface Owner {
  isAlive(): boolean;
  isFrozen(): boolean;
}

export interface Turn {
  owner: Owner | null;
  label: string;
  run(): void;
}

interface Timer extends Turn {
  atMs: number;
}

export const START_MS = Date.UTC(2026, 0, 1);

/** Lets every promise that can go on do so. */
const drain = () => new Promise<void>((resolve) => setImmediate(resolve));

export class Scheduler {
  nowMs = START_MS;
  /** Which of `count` turns that are ready comes next; the oldest unless somebody else decides. */
  choose: (count: number) => number = () => 0;
  /** After every turn, when all code that it set going has come to rest; true when it has set more going. */
  afterTurn: (label: string) => boolean = () => false;
  turns = 0;
  #ready: Turn[] = [];
  #timers: Timer[] = [];

  post(turn: Turn): void {
    this.#ready.push(turn);
  }

  /** Returns the function that forgets it. */
  in(ms: number, turn: Turn): () => void {
    const timer: Timer = { ...turn, atMs: this.nowMs + Math.max(0, ms) };
    this.#timers.push(timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  /** Resolves in `ms`; never when `owner` is dead by then. */
  pause(ms: number, owner: Owner | null = null): Promise<void> {
    return new Promise((resolve) => this.in(ms, { owner, label: 'pause', run: resolve }));
  }

  /** Lets code outside of turns go on until it waits for one. */
  settle(): Promise<void> {
    return drain();
  }

  /** One turn; false when nothing happens until `untilMs`, which it then is. */
  async step(untilMs: number): Promise<boolean> {
    const turn = this.#takeReady() ?? this.#takeTimer(untilMs);
    if (turn === null) {
      this.nowMs = Math.max(this.nowMs, untilMs);
      return false;
    }
    this.turns += 1;
    turn.run();
    await drain();
    if (this.afterTurn(turn.label)) await drain();
    return true;
  }

  #takeReady(): Turn | null {
    this.#ready = this.#ready.filter(({ owner }) => owner?.isAlive() ?? true);
    const able = this.#ready.filter(({ owner }) => !(owner?.isFrozen() ?? false));
    const turn = able.length === 0 ? undefined : able[this.choose(able.length) % able.length];
    if (turn === undefined) return null;
    this.#ready.splice(this.#ready.indexOf(turn), 1);
    return turn;
  }

  #takeTimer(untilMs: number): Turn | null {
    this.#timers = this.#timers.filter(({ owner }) => owner?.isAlive() ?? true);
    let next: Timer | null = null;
    for (const timer of this.#timers)
      if (!(timer.owner?.isFrozen() ?? false) && (next === null || timer.atMs < next.atMs)) next = timer;
    if (next === null || next.atMs > untilMs) return null;
    this.#timers.splice(this.#timers.indexOf(next), 1);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    return next;
  }
}
