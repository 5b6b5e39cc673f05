import { describe, expect, it } from 'vitest';
import { reserveBytes, shortageOf } from '../src/index.ts';

const MIB = 1024 * 1024;
const disk = (freeBytes: number, totalBytes = 100 * 1024 * MIB) =>
  ({ what: 'the disk of the data folder', kind: 'disk', freeBytes, totalBytes }) as const;

describe('room', () => {
  it('keeps a share of a small disk and a fixed part of a large one', () => {
    expect(reserveBytes(disk(0, 1024 * MIB), 'build')).toBe(0.1 * 1024 * MIB);
    expect(reserveBytes(disk(0), 'build')).toBe(512 * MIB);
    expect(reserveBytes(disk(0, 100 * MIB), 'push')).toBe(32 * MIB);
  });

  it('finds nothing wrong where there is room', () => {
    expect(shortageOf([disk(600 * MIB)], 'build')).toBeNull();
    expect(shortageOf([], 'build')).toBeNull();
  });

  it('refuses a build before a push, and says what is short by how much', () => {
    expect(shortageOf([disk(300 * MIB)], 'push')).toBeNull();
    const shortage = shortageOf([disk(600 * MIB), disk(300 * MIB)], 'build');
    expect(shortage?.code).toBe('disk_short');
    expect(shortage?.message).toContain('the disk of the data folder has 300 MiB left, and 512 MiB must be free');
    expect(shortageOf([disk(200 * MIB)], 'push')?.code).toBe('disk_full');
  });

  it('asks memory for builds only', () => {
    const memory = {
      what: 'the memory of this machine',
      kind: 'memory',
      freeBytes: 50 * MIB,
      totalBytes: 4096 * MIB,
    } as const;
    expect(shortageOf([memory], 'push')).toBeNull();
    expect(shortageOf([memory], 'build')?.code).toBe('memory_short');
  });
});
