/** Keeps latencies by the million in little memory. Counts nothing else. */

export class Latencies {
  #values = new Float32Array(1_024);
  #count = 0;
  #sorted = false;

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = ms;
    this.#count += 1;
    this.#sorted = false;
  }

  addAll(others: Latencies): void {
    for (let i = 0; i < others.#count; i += 1) this.add(others.#values[i] ?? 0);
  }

  get count(): number {
    return this.#count;
  }

  /** The value that `share` of the others do not exceed (nearest rank); null for none. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null;
    if (!this.#sorted) this.#values.subarray(0, this.#count).sort();
    this.#sorted = true;
    return this.#values[Math.min(this.#count - 1, Math.max(0, Math.ceil(share * this.#count) - 1))] ?? null;
  }
}
