import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewCertificate, StoredCertificate } from '@teal/deployer';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type CertificateOptions,
  makeAuthority,
  makeCertificate,
  type Pem,
} from '../../../test/conformance/certificate.ts';
import { type FallbackOptions, openFallback } from '../src/certificates/fallback.ts';
import { readCertificate, refuseOutOfTime } from '../src/certificates/read.ts';

const NAMES = ['shop.example.org', '*.shop.example.org'];
const authority = await makeAuthority('Test Authority');
const good = await makeCertificate({ names: NAMES, signedBy: authority });
const read = ({ certificate, key }: Pem) => readCertificate({ chainPem: certificate, keyPem: key });

describe('a certificate', () => {
  it('is understood with its issuers, and written again without what is around it', () => {
    const noisy = `# mine\n${good.certificate}\nnotes\n${authority.certificate}`;
    const { chainPem, keyPem, ...facts } = read({ certificate: noisy, key: `\n${good.key}` });
    const leaf = new X509Certificate(good.certificate);
    expect(facts).toEqual({
      names: NAMES,
      issuer: 'CN=Test Authority',
      fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      notBefore: new Date(leaf.validFrom),
      notAfter: new Date(leaf.validTo),
    });
    expect(chainPem).not.toContain('notes');
    expect(chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(createPrivateKey(keyPem).asymmetricKeyType).toBe('ec');
  });

  const encrypted = () =>
    String(
      createPrivateKey(good.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }),
    );
  const made = (options: CertificateOptions) => makeCertificate({ names: NAMES, ...options });
  it.each<[string, () => Pem | Promise<Pem>, string]>([
    ['that is no PEM', () => ({ ...good, certificate: 'hello' }), 'give it as PEM'],
    ['that is a key only', () => ({ ...good, certificate: good.key }), 'give it as PEM'],
    ['that is broken', () => ({ ...good, certificate: good.certificate.replace(/M../, 'AAA') }), 'cannot be read'],
    ['with no key', () => ({ ...good, key: '' }), 'the key cannot be read'],
    ["with another's key", () => ({ ...good, key: authority.key }), 'the key is not the one'],
    ['with a locked key', () => ({ ...good, key: encrypted() }), 'passphrase'],
    [
      'behind its issuer',
      () => ({ ...good, certificate: authority.certificate + good.certificate, key: authority.key }),
      'issuer of the one before',
    ],
    [
      'with a foreign issuer',
      async () => ({ ...good, certificate: good.certificate + (await makeAuthority('Other')).certificate }),
      'issuer of the one before',
    ],
    ['without names', () => made({ names: [], commonName: 'shop.example.org' }), 'names no host'],
    ['for clients', () => made({ forClients: true }), 'not issued for servers'],
  ])('%s is refused', async (_what, pem, why) => {
    const given = await pem();
    expect(() => read(given)).toThrow(
      expect.objectContaining({ code: 'certificate_invalid', message: expect.stringContaining(why) }),
    );
  });

  it.each([
    ['that has expired', { from: -3, until: -1 }, 'it expired at'],
    ['that is not valid yet', { from: 1, until: 3 }, 'not valid before'],
  ])('%s is refused', async (_what, time, why) => {
    const facts = read(await made(time));
    expect(() => refuseOutOfTime(facts, new Date())).toThrow(why);
    expect(() => refuseOutOfTime(read(good), new Date())).not.toThrow();
  });
});

describe('the certificate of the apps', () => {
  function memory() {
    let own: StoredCertificate | null = null;
    return {
      own: async () => own,
      replaceOwn: async (certificate: NewCertificate) => (own = { ...certificate, createdAt: new Date() }),
    };
  }
  const given = (change: Partial<FallbackOptions> = {}): FallbackOptions => ({
    certificates: memory(),
    domain: 'teal.test',
    tlsCertFile: null,
    tlsKeyFile: null,
    now: new Date(),
    warn: () => {},
    ...change,
  });

  it('is made once, and again for another domain or before it ends', async () => {
    const options = given();
    const first = await openFallback(options);
    expect(first).toMatchObject({ origin: 'self-signed', names: ['*.teal.test', 'teal.test'] });
    expect(await openFallback(options)).toEqual(first);
    const moved = await openFallback({ ...options, domain: 'other.test' });
    expect(moved.names).toContain('*.other.test');
    const later = new Date(Date.now() + 800 * 86_400_000);
    const renewed = await openFallback({ ...options, domain: 'other.test', now: later });
    expect(renewed.fingerprint).not.toBe(moved.fingerprint);
    expect(renewed.notAfter.getTime()).toBeGreaterThan(later.getTime());
  });

  it("is the operator's where there are files, even an expired one, with a warning", async () => {
    const dir = await mkdtemp(join(tmpdir(), 'teal-cert-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const [tlsCertFile, tlsKeyFile] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
    const old = await makeCertificate({ names: ['*.teal.test'], from: -3, until: -1 });
    await writeFile(tlsCertFile, old.certificate);
    await writeFile(tlsKeyFile, old.key);
    const warnings: string[] = [];
    const options = given({ tlsCertFile, tlsKeyFile, warn: (text) => warnings.push(text) });
    expect(await openFallback(options)).toMatchObject({ origin: 'file', names: ['*.teal.test'] });
    expect(warnings).toEqual([expect.stringContaining('expired')]);
    await writeFile(tlsKeyFile, good.key);
    await expect(openFallback(options)).rejects.toMatchObject({ code: 'configuration_invalid' });
    await expect(openFallback({ ...options, tlsKeyFile: null })).rejects.toThrow('set both or none');
  });
});
