/** `teal rekey`: seals every secret in the database under a new key, while Teal itself is stopped. */
import { TealError } from '@teal/core';
import { prepareHost } from '@teal/host';
import { migrate, openStore } from '@teal/store';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { openDataFolder } from './dataFolder.ts';
import { beginNewKey, idsOf, openSecretKeys } from './secretKeys.ts';

/** Returns what it did, for people. Ended half-way, the next call or start goes on. Throws `data_folder_in_use`. */
export async function rekey(config: Config, log: Logger): Promise<string> {
  if (config.secretKeys.length === 1) {
    throw new TealError('configuration_invalid', {
      detail: '  TEAL_SECRET_KEY: give both keys, the new one first: TEAL_SECRET_KEY="NEW OLD"',
    });
  }
  const folder = await openDataFolder(config.dataDir);
  try {
    const host = await prepareHost({
      want: [],
      install: false,
      environment: process.env,
      say: (line) => log.info(line),
    });
    const runAs = host.accounts?.postgres ?? null;
    const database = await openDatabase(config, { postgresDir: folder.postgresDir, runAs, log });
    try {
      await migrate({ ...database.options, migrationsDir: config.migrationsDir });
      if (config.secretKeys.length === 0) await beginNewKey(folder.secretKeyFile);
      const keys = await openSecretKeys(config, { file: folder.secretKeyFile, database: database.options });
      const store = await openStore({ ...database.options, secretKeys: keys.keys });
      await store.close();
      await keys.forgetOld();
      return told(config, idsOf(keys.keys)[0] ?? '');
    } finally {
      await database.stop();
    }
  } finally {
    await folder.release();
  }
}

function told(config: Config, keyId: string): string {
  const sealed = `All secrets are sealed under key ${keyId}`;
  if (config.secretKeys.length === 0) return `${sealed}; the one before is forgotten.`;
  return `${sealed}: start Teal with that key alone in TEAL_SECRET_KEY.`;
}
