/** Keeps the answers to the last few questions for a moment, for those who ask next. Failures are forgotten at once. */

interface Kept<T> {
  answer: Promise<T>;
  timer: NodeJS.Timeout;
}

export class Recent<T> {
  readonly #options: { max: number; keepMs: number };
  readonly #kept = new Map<string, Kept<T>>();

  constructor(options: { max: number; keepMs: number }) {
    this.#options = options;
  }

  /** What was answered to `key` a moment ago, or is being answered; otherwise `ask` answers. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined) return known.answer;
    const answer = ask();
    const timer = setTimeout(() => this.#drop(key), this.#options.keepMs);
    timer.unref();
    this.#kept.set(key, { answer, timer });
    answer.catch(() => {
      if (this.#kept.get(key)?.answer === answer) this.#drop(key);
    });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#options.max && oldest !== undefined) this.#drop(oldest);
    return answer;
  }

  /** Forgets every key that begins with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#drop(key);
  }

  #drop(key: string): void {
    clearTimeout(this.#kept.get(key)?.timer);
    this.#kept.delete(key);
  }
}
