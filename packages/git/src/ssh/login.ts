/** Lets one connection in by a public key that somebody here has; nothing else lets in. Serves nothing. */
import type { AuthContext, Connection, PublicKeyAuthContext } from 'ssh2';
import { fingerprintOf, KEY_TYPES, parse } from './publickey.ts';

/** As many keys as OpenSSH's own server lets a client try. */
const TRIES_MAX = 6;

/** Resolves with the fingerprint of the key that was proven; the caller ends a connection that never gets there. */
export function login(client: Connection, knows: (fingerprint: string) => Promise<boolean>): Promise<string> {
  let tries = 0;
  return new Promise((resolve) => {
    let proven = '';
    client.on('authentication', (context) => {
      // "none" asks which methods there are; and a key is first offered, then proven.
      if (context.method !== 'none' && !isProof(context)) tries += 1;
      if (tries > TRIES_MAX) return void client.end();
      judge(context, knows).then(
        (fingerprint) => {
          if (fingerprint === null) return context.reject(['publickey']);
          if (isProof(context)) proven = fingerprint;
          context.accept();
        },
        () => context.reject(['publickey']),
      );
    });
    client.once('ready', () => resolve(proven));
  });
}

function isProof(context: AuthContext): boolean {
  return context.method === 'publickey' && context.signature !== undefined;
}

/** The fingerprint of a key that may come in, as far as the client has proven it; else null. */
async function judge(context: AuthContext, knows: (fingerprint: string) => Promise<boolean>): Promise<string | null> {
  if (context.method !== 'publickey') return null;
  const { algo, data } = context.key;
  const key = parse(`${algo} ${data.toString('base64')}`);
  if (key === null || !(KEY_TYPES as readonly string[]).includes(key.type) || !verified(context, key)) return null;
  const fingerprint = fingerprintOf(data);
  return (await knows(fingerprint)) ? fingerprint : null;
}

function verified(
  { blob, signature, hashAlgo, key: { algo } }: PublicKeyAuthContext,
  key: NonNullable<ReturnType<typeof parse>>,
): boolean {
  if (signature === undefined || blob === undefined) return true;
  // SHA-1 signatures of RSA keys are forgeable.
  if (algo === 'ssh-rsa' && hashAlgo === undefined) return false;
  return key.verify(blob, signature, hashAlgo) === true;
}
