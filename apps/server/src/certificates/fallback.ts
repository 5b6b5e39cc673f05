/** The certificate of the apps' wildcard: the operator's files, else one that the platform signs itself and keeps. */
import { readFile } from 'node:fs/promises';
import { TealError } from '@teal/core';
import type { Certificates } from '@teal/deployer';
import { newId } from '../ids.ts';
import { type PemPair, type ReadCertificate, readCertificate, refuseOutOfTime } from './read.ts';

const DAY_MS = 86_400_000;
/** What browsers accept at most. */
const LIFETIME_MS = 825 * DAY_MS;
const RENEW_BEFORE_MS = 30 * DAY_MS;

export interface Fallback extends ReadCertificate {
  origin: 'file' | 'self-signed';
}

export interface FallbackOptions {
  certificates: Pick<Certificates, 'own' | 'replaceOwn'>;
  /** Apps answer at `<app>.<domain>`. */
  domain: string;
  tlsCertFile: string | null;
  tlsKeyFile: string | null;
  now: Date;
  warn: (text: string) => void;
}

/** Throws `configuration_invalid` when the operator's files can't be used; warns when they are out of date. */
export async function openFallback(options: FallbackOptions): Promise<Fallback> {
  const { tlsCertFile, tlsKeyFile } = options;
  if (tlsCertFile !== null && tlsKeyFile !== null) return fromFiles(options, tlsCertFile, tlsKeyFile);
  if (tlsCertFile !== null || tlsKeyFile !== null)
    throw new TealError('configuration_invalid', {
      detail: '  TEAL_TLS_CERT_FILE and TEAL_TLS_KEY_FILE: set both or none',
    });
  return { ...(await ownCertificate(options)), origin: 'self-signed' };
}

async function fromFiles({ now, warn }: FallbackOptions, certFile: string, keyFile: string): Promise<Fallback> {
  try {
    const [chainPem, keyPem] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    const read = readCertificate({ chainPem, keyPem });
    try {
      refuseOutOfTime(read, now);
    } catch (error) {
      warn(`TEAL_TLS_CERT_FILE: ${(error as Error).message}`);
    }
    return { ...read, origin: 'file' };
  } catch (cause) {
    const detail = `  TEAL_TLS_CERT_FILE / TEAL_TLS_KEY_FILE: ${(cause as Error).message}`;
    throw new TealError('configuration_invalid', { detail }, { cause });
  }
}

/** The one that is kept, as long as it is for this domain and not about to end; else a new one in its place. */
async function ownCertificate({ certificates, domain, now }: FallbackOptions): Promise<ReadCertificate> {
  const kept = await certificates.own();
  const isGood = kept?.names.includes(`*.${domain}`) && kept.notAfter.getTime() - now.getTime() > RENEW_BEFORE_MS;
  if (kept !== null && isGood) return readCertificate(kept);
  const read = readCertificate(await signOwn(domain, now));
  await certificates.replaceOwn({ id: newId('certificate'), ...read });
  return read;
}

async function signOwn(domain: string, now: Date): Promise<PemPair> {
  // Needed once in years: what it loads would only lie in memory.
  const { generate } = await import('selfsigned');
  const names = [`*.${domain}`, domain].map((value) => ({ type: 2 as const, value }));
  const made = await generate([{ name: 'commonName', value: `*.${domain}`.slice(0, 64) }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - DAY_MS),
    notAfterDate: new Date(now.getTime() + LIFETIME_MS - DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'subjectAltName', altNames: names },
      { name: 'extKeyUsage', serverAuth: true },
    ],
  });
  return { chainPem: made.cert, keyPem: made.private };
}
