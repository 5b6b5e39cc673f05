/** The certificates that HTTPS is served with: keeps them and gives the router all of them at every change. Reads none. */
import { TealError } from '@teal/core';
import type { Certificate, Router } from './ports/router.ts';
import type { NewCertificate, Store, StoredCertificate } from './ports/store.ts';

export interface CertificateKeeper {
  /** Gives the router what it is to serve. */
  serve(): Promise<void>;
  /** In force when it resolves; the same certificate again is the one that is there. */
  add(organisationId: string, certificate: NewCertificate): Promise<StoredCertificate>;
  /** Throws `certificate_not_found`. */
  remove(organisationId: string, id: string): Promise<void>;
}

/** `fallback` serves the apps' wildcard, and names that no other one covers. */
export function createCertificateKeeper(
  { store, router }: { store: Pick<Store, 'certificates'>; router: Pick<Router, 'setCertificates'> },
  fallback: Certificate,
): CertificateKeeper {
  let turn: Promise<unknown> = Promise.resolve();
  /** One after the other: the last one to read the rows is the last one to tell the router. */
  const serve = (): Promise<void> => {
    const mine = turn.then(async () =>
      router.setCertificates(withoutOverlap(fallback, await store.certificates.all())),
    );
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    serve,
    async add(organisationId, certificate) {
      const kept = await store.certificates.add(organisationId, certificate);
      await serve();
      return kept;
    },
    async remove(organisationId, id) {
      if (!(await store.certificates.remove(organisationId, id)))
        throw new TealError('certificate_not_found', { id: id.slice(0, 80) });
      await serve();
    },
  };
}

/**
 * Each name in one certificate only, so that every router chooses alike: the newest wins, `fallback` stands back. One
 * that is left without names is not served, apart from `fallback`, which stays the first.
 */
export function withoutOverlap(fallback: Certificate, newestFirst: readonly Certificate[]): Certificate[] {
  const taken = new Set<string>();
  const free = ({ id, names, chainPem, keyPem }: Certificate): Certificate => {
    const own = names.filter((name) => !taken.has(name));
    for (const name of own) taken.add(name);
    return { id, names: own, chainPem, keyPem };
  };
  const uploaded = newestFirst.map(free).filter(({ names }) => names.length > 0);
  return [free(fallback), ...uploaded];
}
