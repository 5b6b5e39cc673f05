/** Certificates for tests: an authority of our own, and what it signs. */
import { generate } from 'selfsigned';

const DAY_MS = 86_400_000;

export interface Pem {
  certificate: string;
  key: string;
}

export interface CertificateOptions {
  names?: readonly string[];
  /** Who signs; itself where there is none. */
  signedBy?: Pem;
  isAuthority?: boolean;
  /** Days from now. */
  from?: number;
  until?: number;
  /** What it may be used for: servers unless said otherwise. */
  forClients?: boolean;
  commonName?: string;
}

export async function makeCertificate(options: CertificateOptions): Promise<Pem> {
  const { names = [], signedBy, isAuthority = false, from = -1, until = 30, forClients = false } = options;
  const now = Date.now();
  const altNames = names.map((value) => ({ type: 2 as const, value }));
  const usage = forClients ? { clientAuth: true } : { serverAuth: true };
  const made = await generate([{ name: 'commonName', value: options.commonName ?? names[0] ?? 'Test' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now + from * DAY_MS),
    notAfterDate: new Date(now + until * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: isAuthority, critical: true },
      ...(isAuthority ? [] : [{ name: 'extKeyUsage' as const, ...usage }]),
      ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames }]),
    ],
    ...(signedBy === undefined ? {} : { ca: { key: signedBy.key, cert: signedBy.certificate } }),
  });
  return { certificate: made.cert, key: made.private };
}

export function makeAuthority(commonName: string): Promise<Pem> {
  return makeCertificate({ isAuthority: true, commonName, until: 300 });
}
