/** Reads lines, records and exact lengths from a stream of bytes, holding no more than one piece. Knows nothing of git. */

/** A pull reader over chunks; reads beyond the end give null. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async #more(): Promise<Buffer | null> {
    const next = await this.#chunks.next();
    return next.done === true ? null : next.value;
  }

  /** The bytes before the next `delimiter` (which is dropped); null at the end. Throws when more than `maxBytes` come without one. */
  async until(delimiter: number, maxBytes: number): Promise<Buffer | null> {
    let searched = 0;
    for (;;) {
      const at = this.#pending.indexOf(delimiter, searched);
      if (at >= 0) {
        const record = this.#pending.subarray(0, at);
        this.#pending = this.#pending.subarray(at + 1);
        return record;
      }
      if (this.#pending.length > maxBytes) throw new RangeError(`no end of record within ${maxBytes} bytes`);
      searched = this.#pending.length;
      const chunk = await this.#more();
      if (chunk === null) return null;
      this.#pending = searched === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    }
  }

  /** Exactly `length` bytes in a buffer of their own; null when the stream ends before. */
  async exactly(length: number): Promise<Buffer | null> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    for (;;) {
      const taken = this.#pending.copy(bytes, filled, 0, length - filled);
      filled += taken;
      this.#pending = this.#pending.subarray(taken);
      if (filled === length) return bytes;
      const chunk = await this.#more();
      if (chunk === null) return null;
      this.#pending = chunk;
    }
  }

  /** What comes next, in whatever pieces it comes; null at the end. */
  async some(): Promise<Buffer | null> {
    if (this.#pending.length === 0) return this.#more();
    const bytes = this.#pending;
    this.#pending = Buffer.alloc(0);
    return bytes;
  }

  /** Stops reading; what is left is never asked for. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
