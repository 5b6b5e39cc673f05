/** Reads a certificate and its key from PEM and judges whether HTTPS can be served with them. Keeps nothing. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readDomain, TealError } from '@teal/core';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_ISSUERS = 10;
/** Extended key usages (RFC 5280, 4.2.1.12) that let it serve: serverAuth, any. */
const SERVING = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

export interface PemPair {
  /** The certificate, then its issuers in order. */
  chainPem: string;
  keyPem: string;
}

export interface ReadCertificate extends PemPair {
  names: string[];
  issuer: string;
  /** SHA-256, lower-case hex. */
  fingerprint: string;
  notBefore: Date;
  notAfter: Date;
}

const invalid = (detail: string, cause?: unknown) => new TealError('certificate_invalid', { detail }, { cause });

/** What is in it, written again from what was understood. Throws `certificate_invalid`; looks at no clock. */
export function readCertificate({ chainPem, keyPem }: PemPair): ReadCertificate {
  const [leaf, ...issuers] = parseChain(chainPem);
  if (leaf === undefined) throw invalid('it holds no "BEGIN CERTIFICATE" block; give it as PEM');
  const key = parseKey(keyPem);
  if (!leaf.checkPrivateKey(key)) throw invalid('the key is not the one of this certificate');
  refuseWrongOrder([leaf, ...issuers]);
  if (leaf.keyUsage?.length && !leaf.keyUsage.some((usage) => SERVING.includes(usage)))
    throw invalid('it was not issued for servers');
  const written = {
    chainPem: [leaf, ...issuers].map(String).join(''),
    keyPem: String(key.export({ type: 'pkcs8', format: 'pem' })),
  };
  refuseUnservable(written);
  return {
    ...written,
    names: namesOf(leaf),
    issuer: leaf.issuer.replaceAll('\n', ', ').slice(0, 500),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
  };
}

/** Throws `certificate_invalid` where `now` is outside its time. */
export function refuseOutOfTime({ notBefore, notAfter }: ReadCertificate, now: Date): void {
  if (notAfter <= now) throw invalid(`it expired at ${notAfter.toISOString()}`);
  if (notBefore > now) throw invalid(`it is not valid before ${notBefore.toISOString()}`);
}

function parseChain(pem: string): X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length > MAX_ISSUERS + 1) throw invalid(`it holds more than ${MAX_ISSUERS} issuers`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw invalid('it cannot be read as an X.509 certificate', cause);
  }
}

function parseKey(pem: string): KeyObject {
  if (pem.includes('ENCRYPTED')) throw invalid('the key is protected by a passphrase; give it without');
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw invalid('the key cannot be read; give it as PEM', cause);
  }
}

function refuseWrongOrder(chain: readonly X509Certificate[]): void {
  for (const [index, issuer] of chain.slice(1).entries()) {
    if (chain[index]?.checkIssued(issuer) !== true || !chain[index].verify(issuer.publicKey))
      throw invalid('each certificate after the first must be the issuer of the one before it');
  }
}

/** OpenSSL has opinions of its own, such as on short keys. */
function refuseUnservable({ chainPem, keyPem }: PemPair): void {
  try {
    createSecureContext({ cert: chainPem, key: keyPem });
  } catch (cause) {
    throw invalid(`TLS cannot be served with it (${(cause as Error).message})`, cause);
  }
}

/** Its DNS names; the common name counts no more (RFC 9525). */
function namesOf(leaf: X509Certificate): string[] {
  const entries = (leaf.subjectAltName ?? '').split(', ').filter((entry) => entry.startsWith('DNS:'));
  const names = entries.map((entry) => entry.slice(4).toLowerCase()).filter(isCovering);
  if (names.length === 0) throw invalid('it names no host (subject alternative names)');
  return [...new Set(names)];
}

function isCovering(name: string): boolean {
  const read = readDomain(name.replace(/^\*\./, ''));
  // `*.localhost` and its like stand above a name of one part.
  return read.kind === 'domain' ? name.endsWith(read.name) : /^\*\.[a-z0-9-]{1,63}$/.test(name);
}
