/** The keys that secrets are sealed with: those of the configuration, or a file in the data folder, made at the first start. */
import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TealError } from '@teal/core';
import { type DatabaseOptions, keyIdOf, secretKeyIdOf } from '@teal/store';
import type { Config } from './config.ts';

const KEY_BYTES = 32;
const MODE = 0o600;

export interface SecretKeys {
  /** The first seals. */
  keys: readonly Buffer[];
  /** Everything is sealed under the first: the file need keep no other. */
  forgetOld(): Promise<void>;
}

interface Place {
  file: string;
  /** Migrated. */
  database: DatabaseOptions;
}

/** Makes a key only for a database that nothing was sealed in. Throws `secret_key_missing`, `configuration_invalid`. */
export async function openSecretKeys(config: Config, { file, database }: Place): Promise<SecretKeys> {
  if (config.secretKeys.length > 0) return { keys: config.secretKeys, forgetOld: async () => {} };
  let keys = await readKeys(file);
  if (keys.length === 0) {
    const wanted = await secretKeyIdOf(database);
    if (wanted !== null) throw new TealError('secret_key_missing', { wanted, file });
    keys = [randomBytes(KEY_BYTES)];
    await writeKeys(file, keys);
  }
  // It may have been copied with another mode.
  await chmod(file, MODE);
  const [current] = keys as [Buffer];
  return { keys, forgetOld: async () => (keys.length > 1 ? writeKeys(file, [current]) : undefined) };
}

/**
 * Puts a new key before those in the file: from now on every start, and every re-keying, seals under it and then forgets the others.
 * A file that has several already is of a change that was not finished, and is left as it is.
 */
export async function beginNewKey(file: string): Promise<void> {
  const keys = await readKeys(file);
  if (keys.length === 1) await writeKeys(file, [randomBytes(KEY_BYTES), ...keys]);
}

export const idsOf = (keys: readonly Buffer[]) => keys.map(keyIdOf);

async function readKeys(file: string): Promise<Buffer[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new TealError('configuration_invalid', { detail: `  ${file}: ${error.message}` }, { cause: error });
  });
  const keys = text.split(/\s+/).flatMap((line) => (line === '' ? [] : [Buffer.from(line, 'base64')]));
  if (keys.some((key) => key.length !== KEY_BYTES) || (text !== '' && keys.length === 0)) {
    throw new TealError('configuration_invalid', { detail: `  ${file}: is not a key that Teal has made` });
  }
  return keys;
}

/** As a whole or not at all, and on the disk when it returns: nothing may be sealed under a key that is lost. */
async function writeKeys(file: string, keys: readonly Buffer[]): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', MODE);
  try {
    await handle.writeFile(keys.map((key) => `${key.toString('base64')}\n`).join(''));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}
