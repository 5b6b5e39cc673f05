/** Git's pkt-line framing: one packet in, one packet out, and where a stream of packets stands. Knows no protocol above it. */
import { TealError } from '@teal/core';
import type { ByteReader } from '../source/bytes.ts';

export const FLUSH = Buffer.from('0000');
/** Side-band that the client prints as `remote: …`. */
const BAND_PROGRESS = 2;
const BAND_DATA = 1;
const PAYLOAD_MAX_BYTES = 65_515;

/** A packet with `payload`, which has at most 65,516 bytes. */
export function packet(payload: Buffer | string): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

function banded(band: number, payload: Buffer): Buffer {
  const packets: Buffer[] = [];
  for (let at = 0; at < payload.length; at += PAYLOAD_MAX_BYTES) {
    packets.push(packet(Buffer.concat([Buffer.from([band]), payload.subarray(at, at + PAYLOAD_MAX_BYTES)])));
  }
  return Buffer.concat(packets);
}

/** `lines` as the client shows them, each behind `remote: `. */
export function progress(lines: readonly string[]): Buffer {
  return banded(BAND_PROGRESS, Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

export function data(payload: Buffer): Buffer {
  return banded(BAND_DATA, payload);
}

export interface Packet {
  /** Null for a flush packet. */
  payload: Buffer | null;
  /** The whole packet as it came. */
  raw: Buffer;
}

/** The next packet, or null at the end of the stream. Throws `push_malformed`. */
export async function readPacket(reader: ByteReader): Promise<Packet | null> {
  const head = await reader.exactly(4);
  if (head === null) return null;
  const text = head.toString('latin1');
  const length = /^[0-9a-fA-F]{4}$/.test(text) ? Number.parseInt(text, 16) : -1;
  if (length === 0) return { payload: null, raw: head };
  if (length < 4) throw new TealError('push_malformed', { detail: 'a packet has no valid length' });
  const payload = await reader.exactly(length - 4);
  if (payload === null) throw new TealError('push_malformed', { detail: 'it ends within a packet' });
  return { payload, raw: Buffer.concat([head, payload]) };
}

/** Follows a stream of packets and knows whether another one may be put in between. */
export class PacketPosition {
  #header = '';
  #left = 0;
  #ended = false;

  /** True between two packets, before the last flush. */
  get between(): boolean {
    return !this.#ended && this.#left === 0 && this.#header === '';
  }

  follow(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const piece = chunk.toString('latin1', at, at + 4 - this.#header.length);
      this.#header += piece;
      at += piece.length;
      if (this.#header.length === 4) this.#begin();
    }
  }

  #begin(): void {
    const length = Number.parseInt(this.#header, 16);
    this.#header = '';
    if (length >= 4) this.#left = length - 4;
    else this.#ended = true;
  }
}
