/** Certificates signed by themselves, and which one a server shows. For tests only. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import type { Address } from '@teal/core';
import type { Certificate } from '@teal/deployer';

const run = promisify(execFile);

/** A fresh key and certificate; the first name is also its subject. */
export async function makeCertificate(id: string, ...names: string[]): Promise<Certificate> {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const subject = ['-subj', `/CN=${id}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
  const folder = await mkdtemp(join(tmpdir(), 'teal-certificate-'));
  const [key, chain] = [join(folder, 'key.pem'), join(folder, 'chain.pem')];
  try {
    const out = ['-keyout', key, '-out', chain];
    await run('openssl', ['req', '-x509', '-nodes', '-days', '2', ...curve, ...subject, ...out]);
    return { id, names, keyPem: await readFile(key, 'utf8'), chainPem: await readFile(chain, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The id of the certificate that `serverName` (null: none is said) gets; rejects when the handshake fails. */
export function shownCertificate(address: Address, serverName: string | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, servername: serverName ?? '', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed during the handshake')));
  });
}
