/** Public keys of people and machines: reads the line that ssh-keygen writes, names keys by fingerprint. Keeps none. */
import { createHash, createPublicKey } from 'node:crypto';
import ssh2 from 'ssh2';

export interface PublicKey {
  type: string;
  /** As `ssh-keygen -l` shows it: `SHA256:…`. */
  fingerprint: string;
  comment: string;
}

export const KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const;
const MIN_RSA_BITS = 2048;
const LINE_MAX = 20_000;

export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The key in `line`, as in `~/.ssh/id_ed25519.pub`; else what is wrong with it, as part of a sentence. */
export function readPublicKey(line: string): PublicKey | { problem: string } {
  const text = line.trim();
  if (text.includes('PRIVATE KEY'))
    return { problem: 'it is a private key; keep that to yourself and give the .pub file' };
  if (text.length > LINE_MAX || /[\r\n\0]/.test(text)) return { problem: 'it is not one line, as in a .pub file' };
  const [type = '', data = '', ...comment] = text.split(/\s+/);
  if (!(KEY_TYPES as readonly string[]).includes(type)) {
    return { problem: `it must begin with one of ${KEY_TYPES.join(', ')}` };
  }
  const parsed = parse(`${type} ${data}`);
  if (parsed === null || parsed.type !== type) return { problem: 'its data is damaged' };
  const bits = createPublicKey(parsed.getPublicPEM()).asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
  if (bits < MIN_RSA_BITS) return { problem: `RSA keys must have at least ${MIN_RSA_BITS} bits; this one has ${bits}` };
  return { type, fingerprint: fingerprintOf(parsed.getPublicSSH()), comment: comment.join(' ') };
}

/** Null for what is no public key: `<type> <base64>`. */
export function parse(data: string): ssh2.ParsedKey | null {
  try {
    const parsed = ssh2.utils.parseKey(data);
    return parsed instanceof Error || parsed.isPrivateKey() ? null : parsed;
  } catch {
    // The parser throws on some damaged keys instead of returning an error.
    return null;
  }
}
