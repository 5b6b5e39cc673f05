/** Which pair of pools belongs to which app. Writes nothing anywhere. */

export class Slots {
  readonly #byApp = new Map<string, number>();
  readonly #free: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** By apps, and by those removed that still have something in flight. */
  get taken(): number {
    return this.#size - this.#free.length;
  }

  /** New free pairs up to number `size`. */
  grow(size: number): void {
    for (let slot = size; slot > this.#size; slot -= 1) this.#free.push(slot);
    this.#size = Math.max(this.#size, size);
    this.#free.sort((a, b) => b - a);
  }

  of(appId: string): number | null {
    return this.#byApp.get(appId) ?? null;
  }

  /** The app's own pair, or a free one; null when none is left. */
  take(appId: string): number | null {
    const own = this.#byApp.get(appId);
    if (own !== undefined) return own;
    const slot = this.#free.pop();
    if (slot === undefined) return null;
    this.#byApp.set(appId, slot);
    return slot;
  }

  /** The app is gone; its pair is not free before `free`. */
  release(appId: string): number | null {
    const slot = this.#byApp.get(appId) ?? null;
    this.#byApp.delete(appId);
    return slot;
  }

  free(slot: number): void {
    this.#free.push(slot);
  }

  apps(): IterableIterator<[string, number]> {
    return this.#byApp.entries();
  }
}
