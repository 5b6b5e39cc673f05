/** `teal certificates`: what the apps' HTTPS is served with. */
import type { CertificateView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { type Api, connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError } from '../output/exit.ts';
import { readNamed } from './files.ts';

export async function listCertificates(call: Call): Promise<void> {
  const certificates = await fetchAll(await connect(call.io));
  call.data({ certificates });
  call.rows(certificates.map((certificate) => row(call, certificate)));
}

export async function addCertificate(call: Call): Promise<void> {
  const certificate = await readNamed(call, '--cert', call.options.cert);
  const key = await readNamed(call, '--key', call.options.key);
  const api = await connect(call.io);
  const added = await api.post<CertificateView>(paths.certificates(), { certificate, key });
  call.data(added);
  call.rows([row(call, added)]);
}

export async function removeCertificate(call: Call): Promise<void> {
  const word = (call.words[0] ?? '').toLowerCase();
  const api = await connect(call.io);
  const certificate = chosen(await fetchAll(api), word);
  await api.delete(paths.certificate(certificate.id));
  call.data({ removed: certificate });
  call.say(`${call.paint.green('✔')} removed ${certificate.names.map(cleanWord).join(', ')}`);
}

/** By id, by a name it covers, or by the beginning of its fingerprint. */
function chosen(certificates: readonly CertificateView[], word: string): CertificateView {
  const found = certificates
    .filter(({ origin }) => origin === 'uploaded')
    .filter(
      ({ id, names, fingerprint }) =>
        id === word || names.includes(word) || (word.length >= 8 && fingerprint.startsWith(word.replaceAll(':', ''))),
    );
  const [certificate, second] = found;
  if (certificate === undefined)
    throw new CommandError(
      'notFound',
      'certificate_not_found',
      `There is no uploaded certificate "${word}". "teal certificates list" shows those there are.`,
    );
  if (second !== undefined)
    throw new CommandError(
      'conflict',
      'certificate_ambiguous',
      `Several certificates fit "${word}". Give the id or the beginning of the fingerprint.`,
    );
  return certificate;
}

async function fetchAll(api: Api): Promise<CertificateView[]> {
  return (await api.get<{ certificates: CertificateView[] }>(paths.certificates())).certificates;
}

function row(call: Call, { names, origin, issuer, notAfter, expired, fingerprint }: CertificateView): string[] {
  const { paint } = call;
  const until = `${expired ? 'expired' : 'until'} ${cleanWord(notAfter).slice(0, 10)}`;
  return [
    paint.bold(names.map(cleanWord).join(' ')),
    origin === 'uploaded' ? '' : `default, ${cleanWord(origin)}`,
    expired ? paint.red(until) : until,
    cleanWord(issuer),
    paint.dim(cleanWord(fingerprint).slice(0, 16)),
  ];
}
