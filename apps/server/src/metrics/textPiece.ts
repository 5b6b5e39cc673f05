/** Lines of Prometheus' text written as bytes: as strings, hundreds of thousands of them cost several times as much. */

/** What is handed on at once; others get their turn in between. */
const PIECE_BYTES = 256 * 1024;
/** Room for what is written at once before anybody asks whether the piece is full. */
const SPARE_BYTES = 64 * 1024;
const ZERO = 0x30;
const NEWLINE = 0x0a;
const WORD_BYTES = 4;
const MAX_DIGITS = 32;
const INT32_MAX = 2 ** 31 - 1;

export class TextPiece {
  #bytes: Buffer = Buffer.allocUnsafe(PIECE_BYTES + SPARE_BYTES);
  #words: DataView = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  #length = 0;

  get isFull(): boolean {
    return this.#length >= PIECE_BYTES;
  }

  /** What was written since the last one; it is the caller's. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#use(Buffer.allocUnsafe(PIECE_BYTES + SPARE_BYTES));
    this.#length = 0;
    return taken;
  }

  /** ASCII only. */
  text(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /** One line per end: `head`, the end, its value. ASCII only; values are whole and not negative. */
  lines(head: string, ends: readonly Uint8Array[], values: readonly number[]): void {
    if (ends.length === 0) return;
    let room = WORD_BYTES;
    for (const end of ends) room += head.length + end.length + MAX_DIGITS + 1;
    this.#reserve(room);
    const bytes = this.#bytes;
    const words = this.#words;
    const begin = this.#length;
    let at = begin + bytes.write(head, begin, 'latin1');
    for (let nth = 0; nth < ends.length; nth += 1) {
      if (nth > 0) {
        // Most of a line is that of the line before. What is copied too far is written over.
        for (let from = 0; from < head.length; from += WORD_BYTES)
          words.setInt32(at + from, words.getInt32(begin + from));
        at += head.length;
      }
      const end = ends[nth] as Uint8Array;
      for (let from = 0; from < end.length; from += 1) bytes[at + from] = end[from] as number;
      at = writeNumber(bytes, at + end.length, values[nth] ?? 0);
      bytes[at] = NEWLINE;
      at += 1;
    }
    this.#length = at;
  }

  #reserve(sizeBytes: number): void {
    if (this.#length + sizeBytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * this.#bytes.length + sizeBytes);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#use(larger);
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

/** Returns where it ends. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  if (value > INT32_MAX) return at + bytes.write(String(value), at, 'latin1');
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end += 1;
  let rest = value | 0;
  for (let digit = end - 1; digit >= at; digit -= 1) {
    const next = (rest / 10) | 0;
    bytes[digit] = ZERO + rest - next * 10;
    rest = next;
  }
  return end;
}
