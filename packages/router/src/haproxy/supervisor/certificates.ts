/** The files that HTTPS is served with, and their change while HAProxy runs. Checks nothing: `check.ts` has. */
import type { Certificate } from '@teal/deployer';

/** Name → content: one file per certificate, and the list that names them, the default first. */
export function certificateFiles(certificates: readonly Certificate[]): Record<string, string> {
  const files: Record<string, string> = { 'certificates.list': '' };
  for (const certificate of certificates) {
    files[fileOf(certificate)] = pemOf(certificate);
    files['certificates.list'] += `${fileOf(certificate)} ${certificate.names.join(' ')}\n`;
  }
  return files;
}

export function fileOf({ id }: Certificate): string {
  return `${id}.pem`;
}

export function pemOf({ chainPem, keyPem }: Certificate): string {
  return `${chainPem}${keyPem}`;
}
