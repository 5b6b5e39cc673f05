/** When an instance that ended is started again: soon at first, later each time it ends quickly. Starts nothing itself. */

const FIRST_MS = 100;
const MAX_MS = 30_000;
/** An instance that ran this long begins again with the shortest pause. */
const SETTLED_MS = 10_000;

export class Restarts {
  readonly #due: (instanceId: string) => void;
  readonly #planned = new Map<string, { nextMs: number; timer: NodeJS.Timeout }>();

  constructor(due: (instanceId: string) => void) {
    this.#due = due;
  }

  /** Plans one; `ranMs` is how long the instance ran before it ended. */
  plan(instanceId: string, ranMs: number): void {
    const before = this.#planned.get(instanceId);
    const pauseMs = before === undefined || ranMs > SETTLED_MS ? FIRST_MS : before.nextMs;
    if (before !== undefined) clearTimeout(before.timer);
    const timer = setTimeout(() => this.#due(instanceId), pauseMs);
    this.#planned.set(instanceId, { nextMs: Math.min(pauseMs * 2, MAX_MS), timer });
  }

  cancel(instanceId: string): void {
    clearTimeout(this.#planned.get(instanceId)?.timer);
    this.#planned.delete(instanceId);
  }

  close(): void {
    for (const instanceId of [...this.#planned.keys()]) this.cancel(instanceId);
  }
}
