import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { makePrivateKey, openHostKey } from '../src/ssh/hostkey.ts';

it('makes keys that can always be read again', () => {
  const made = Array.from({ length: 1_500 }, makePrivateKey);
  expect(made.filter((key) => ssh2.utils.parseKey(key) instanceof Error)).toEqual([]);
});

it('keeps its key over starts, and refuses a file that holds none', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'teal-hostkey-'));
  try {
    const other = join(dir, 'other');
    await writeFile(other, 'no key');
    const first = await openHostKey(join(dir, 'key'));
    expect(await openHostKey(join(dir, 'key'))).toEqual(first);
    await expect(openHostKey(other)).rejects.toMatchObject({ code: 'configuration_invalid' });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
