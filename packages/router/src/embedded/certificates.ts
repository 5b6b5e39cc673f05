/** What HTTPS answers a name with: certificates by exact name, then by wildcard, then the first. Opens no connection. */
import type { Server } from 'node:https';
import { createSecureContext, type SecureContext, type TlsOptions } from 'node:tls';
import { TealError } from '@teal/core';
import type { Certificate } from '@teal/deployer';

const MIN_VERSION = 'TLSv1.2';

interface Kept {
  certificate: Certificate;
  context: SecureContext;
}

export class Certificates {
  /** Settings for the server that these certificates are for. */
  readonly tlsOptions: TlsOptions = {
    minVersion: MIN_VERSION,
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, answer) => answer(null, this.#find(name)),
  };
  #kept = new Map<string, Kept>();
  #byName = new Map<string, SecureContext>();
  #server: Server | null = null;

  /** Names the server whose handshakes without a name, or with one that nothing covers, get the first certificate. */
  serve(server: Server): void {
    this.#server = server;
  }

  /** Throws `settings_invalid` where one cannot be used; nothing has changed then. */
  replace(certificates: readonly Certificate[]): void {
    const kept = new Map<string, Kept>();
    const byName = new Map<string, SecureContext>();
    for (const certificate of certificates) {
      const context = this.#contextOf(certificate);
      kept.set(certificate.id, { certificate, context });
      for (const name of certificate.names) if (!byName.has(name)) byName.set(name, context);
    }
    this.#kept = kept;
    this.#byName = byName;
    const [first] = certificates;
    const identity = first === undefined ? {} : { cert: first.chainPem, key: first.keyPem };
    this.#server?.setSecureContext({ minVersion: MIN_VERSION, ...identity });
  }

  /** Undefined leaves the handshake to the server's own context: the first certificate, or none. */
  #find(asked: string): SecureContext | undefined {
    const lower = asked.toLowerCase();
    const name = lower.endsWith('.') ? lower.slice(0, -1) : lower;
    const dot = name.indexOf('.');
    return this.#byName.get(name) ?? (dot > 0 ? this.#byName.get(`*${name.slice(dot)}`) : undefined);
  }

  /** Reading a key takes a millisecond: the contexts of unchanged certificates stay. */
  #contextOf(certificate: Certificate): SecureContext {
    const { id, chainPem, keyPem } = certificate;
    const before = this.#kept.get(id);
    if (before?.certificate.chainPem === chainPem && before.certificate.keyPem === keyPem) return before.context;
    try {
      return createSecureContext({ cert: chainPem, key: keyPem, minVersion: MIN_VERSION });
    } catch (cause) {
      throw new TealError('settings_invalid', { detail: `The certificate ${id} cannot be used.` }, { cause });
    }
  }
}
