/** The platform's certificates, put together: the fallback, those people upload, and the router that serves them. */
import {
  type CertificateKeeper,
  createCertificateKeeper,
  type Router,
  type Store,
  type StoredCertificate,
} from '@teal/deployer';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Fallback, openFallback } from './fallback.ts';

export interface PlatformCertificates extends CertificateKeeper {
  fallback: Fallback;
  /** Those that were uploaded, newest first. */
  list(): Promise<StoredCertificate[]>;
}

/** Gives the router its certificates before it listens. Throws `configuration_invalid`. */
export async function openCertificates(
  { store, router, log }: { store: Pick<Store, 'certificates'>; router: Router; log: Logger },
  { domain, tlsCertFile, tlsKeyFile }: Pick<Config, 'domain' | 'tlsCertFile' | 'tlsKeyFile'>,
): Promise<PlatformCertificates> {
  const fallback = await openFallback({
    certificates: store.certificates,
    domain,
    tlsCertFile,
    tlsKeyFile,
    now: new Date(),
    warn: (text) => log.warn({ part: 'certificates' }, text),
  });
  const { names, chainPem, keyPem } = fallback;
  const keeper = createCertificateKeeper({ store, router }, { id: 'default', names, chainPem, keyPem });
  await keeper.serve();
  return { ...keeper, fallback, list: () => store.certificates.all() };
}
