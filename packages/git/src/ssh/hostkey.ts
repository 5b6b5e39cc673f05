/** The key that this server proves itself with: made at the first start, the same ever after. */
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { TealError } from '@teal/core';
import ssh2 from 'ssh2';
import { fingerprintOf } from './publickey.ts';

const MODE = 0o600;

export interface HostKey {
  privateKey: string;
  fingerprint: string;
}

/** Throws `configuration_invalid` when `file` holds something else. */
export async function openHostKey(file: string): Promise<HostKey> {
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const privateKey = known ?? (await makeKey(file));
  // ssh itself refuses a key that others may read; it may have been copied with another mode.
  await chmod(file, MODE);
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error || !parsed.isPrivateKey()) {
    throw new TealError('configuration_invalid', {
      detail: `  ${file}: is no private key. Remove it to get a new one.`,
    });
  }
  return { privateKey, fingerprint: fingerprintOf(parsed.getPublicSSH()) };
}

async function makeKey(file: string): Promise<string> {
  const made = makePrivateKey();
  await writeFile(`${file}.new`, made, { mode: MODE });
  await rename(`${file}.new`, file);
  return made;
}

/** In OpenSSH's form. */
export function makePrivateKey(): string {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { comment: 'teal' }).private;
    // ssh2 1.17 writes one key in some two hundred so that nobody can read it, itself included.
    if (!(ssh2.utils.parseKey(made) instanceof Error)) return made;
  }
}
