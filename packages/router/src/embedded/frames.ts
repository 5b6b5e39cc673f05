/** Follows WebSocket frames (RFC 6455 §5.2) only far enough to know where one ends. Decodes no payload. */

/** An unmasked close frame with code 1001, "going away". */
export const CLOSE_GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

export class FrameCursor {
  /** Bytes of a frame header that has not come wholly yet. */
  #header: number[] = [];
  #payloadLeft = 0;

  /** True when the bytes seen so far end with a whole frame, so that another may be put in. */
  get atBoundary(): boolean {
    return this.#header.length === 0 && this.#payloadLeft === 0;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const step = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= step;
        at += step;
        continue;
      }
      this.#header.push(chunk[at] ?? 0);
      at += 1;
      if (this.#header.length >= 2 && this.#header.length === headerLength(this.#header)) {
        this.#payloadLeft = payloadLength(this.#header);
        this.#header = [];
      }
    }
  }
}

function lengthBytes(header: readonly number[]): number {
  const short = (header[1] ?? 0) & 0x7f;
  return short === 126 ? 2 : short === 127 ? 8 : 0;
}

function headerLength(header: readonly number[]): number {
  const masked = ((header[1] ?? 0) & 0x80) !== 0;
  return 2 + lengthBytes(header) + (masked ? 4 : 0);
}

function payloadLength(header: readonly number[]): number {
  const bytes = lengthBytes(header);
  if (bytes === 0) return (header[1] ?? 0) & 0x7f;
  let length = 0;
  for (let i = 2; i < 2 + bytes; i += 1) length = length * 256 + (header[i] ?? 0);
  return length;
}
