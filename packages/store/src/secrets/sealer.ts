/** Seals texts with AES-256-GCM under the first of some keys, and opens those sealed under any of them. Stores nothing. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { TealError } from '@teal/core';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'sealed:';

export interface Sealer {
  /** Of the key that seals. */
  readonly keyId: string;
  /** `sealed:<key id>:<nonce, ciphertext, tag>`; opens only with the same `context`, so that it can't be moved elsewhere. */
  seal(text: string, context: string): string;
  /** Throws `secret_unreadable`. */
  open(sealed: string, context: string): string;
}

/** Names a key without telling it. */
export function keyIdOf(key: Buffer): string {
  return createHash('sha256').update('teal key id\n').update(key).digest('hex').slice(0, 12);
}

export function isSealed(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The id of the key that a sealed text wants. */
export function sealedUnder(sealed: string): string {
  return sealed.split(':', 2)[1] ?? '';
}

/** The first key seals; all of them open. Each has 32 bytes. */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const [first] = keys;
  if (first === undefined || keys.some((key) => key.length !== KEY_BYTES)) throw new Error('a key has 32 bytes');
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]));
  const keyId = keyIdOf(first);
  return {
    keyId,
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first, nonce).setAAD(Buffer.from(context));
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return `${PREFIX}${keyId}:${Buffer.concat(parts).toString('base64')}`;
    },
    open(sealed, context) {
      const id = sealedUnder(sealed);
      const key = byId.get(id);
      if (!isSealed(sealed) || key === undefined) throw new TealError('secret_unreadable', { key: id });
      return decipher(key, { sealed, context });
    },
  };
}

function decipher(key: Buffer, { sealed, context }: { sealed: string; context: string }): string {
  const id = sealedUnder(sealed);
  const bytes = Buffer.from(sealed.slice(PREFIX.length + id.length + 1), 'base64');
  try {
    const end = bytes.length - TAG_BYTES;
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(end));
    return Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES, end)), cipher.final()]).toString('utf8');
  } catch (cause) {
    throw new TealError('secret_unreadable', { key: id }, { cause });
  }
}
