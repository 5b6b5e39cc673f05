import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameCursor } from '../src/embedded/frames.ts';

function frame(length: number, masked: boolean): Buffer {
  const bit = masked ? 0x80 : 0;
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  let head = Buffer.from([0x82, bit | length]);
  if (length > 65_535) {
    head = Buffer.alloc(10);
    head.set([0x82, bit | 127]);
    head.writeBigUInt64BE(BigInt(length), 2);
  } else if (length > 125) {
    head = Buffer.alloc(4);
    head.set([0x82, bit | 126]);
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, mask, randomBytes(length)]);
}

describe('FrameCursor', () => {
  it('knows the boundaries of frames of every size, however they are cut', () => {
    const size = fc.oneof(fc.nat(200), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000));
    const frames = fc.array(fc.tuple(size, fc.boolean()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 5_000 }), (specs, step) => {
        const parts = specs.map(([length, masked]) => frame(length, masked));
        const boundaries = new Set([0]);
        for (const part of parts) boundaries.add(Math.max(...boundaries) + part.length);
        const bytes = Buffer.concat(parts);
        const cursor = new FrameCursor();
        for (let at = 0; at < bytes.length; at += step) {
          expect(cursor.atBoundary).toBe(boundaries.has(at));
          cursor.push(bytes.subarray(at, at + step));
        }
        expect(cursor.atBoundary).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
