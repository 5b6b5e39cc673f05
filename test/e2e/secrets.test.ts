/** The key of the stored secrets, over starts and changes of it. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rekey } from '../../apps/server/src/rekey.ts';
import { beginNewKey } from '../../apps/server/src/secretKeys.ts';
import { TestPlatform, testConfig } from './platform.ts';

const log = pino({ level: 'silent' });
const newKey = () => randomBytes(32).toString('base64');
let teal: TestPlatform;
let keyFile: string;

beforeAll(async () => {
  teal = await TestPlatform.start({ engine: 'process' });
  keyFile = join(teal.dataDir, 'secret-key');
  await teal.createApp('shop');
  await teal.call('PATCH', '/apps/shop/environment', { set: { PASSWORD: 'correct horse' } });
});
afterAll(() => teal?.destroy());

const variables = async () => (await teal.call('GET', '/apps/shop/environment')).body.variables;
const keys = async () => (await readFile(keyFile, 'utf8')).trim().split('\n');

describe('the key of the stored secrets', () => {
  it('is made at the first start, in a file that only its owner reads', async () => {
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await keys()).toHaveLength(1);
  });

  it('is wanted at every start: without it, or with another, Teal does not start and says which one is missing', async () => {
    const away = `${keyFile}.away`;
    await expect(teal.restart(() => rename(keyFile, away))).rejects.toMatchObject({ code: 'secret_key_missing' });
    await writeFile(keyFile, newKey());
    await expect(teal.restart()).rejects.toMatchObject({ code: 'secret_key_wrong' });
    await teal.restart(() => rename(away, keyFile));
    expect(await variables()).toEqual({ PASSWORD: 'correct horse' });
  });

  it('changes while Teal is stopped, and only then', async () => {
    const before = await keys();
    const config = testConfig('process', teal.dataDir);
    await expect(rekey(config, log)).rejects.toMatchObject({ code: 'data_folder_in_use' });
    await teal.restart(async () => {
      expect(await rekey(config, log)).toContain('the one before is forgotten');
      const after = await keys();
      expect(after).toHaveLength(1);
      expect(after).not.toEqual(before);
      // As when it is killed right after it has written the new key.
      await beginNewKey(keyFile);
      expect(await keys()).toHaveLength(2);
    });
    expect(await keys()).toHaveLength(1);
    expect(await variables()).toEqual({ PASSWORD: 'correct horse' });
  });

  it('may come from the environment, and moves there by being named second', async () => {
    const [old = ''] = await keys();
    const next = newKey();
    const change = (value: string) => testConfig('process', teal.dataDir, { TEAL_SECRET_KEY: value });
    await teal.restart(async () => {
      await expect(rekey(change(next), log)).rejects.toMatchObject({ code: 'configuration_invalid' });
      expect(await rekey(change(`${next} ${old}`), log)).toContain('TEAL_SECRET_KEY');
      await writeFile(keyFile, `${next}\n`);
    });
    expect(await variables()).toEqual({ PASSWORD: 'correct horse' });
    expect(() => change('short')).toThrow(/TEAL_SECRET_KEY: is 32 bytes/);
  });
});
