/** The files that HTTPS is served with, and their change while HAProxy runs. Checks nothing: `check.ts` has. */
import type { Certificate } from '@teal/deployer';
import type { Generation } from './generation.ts';
import { LIST_FILE } from './renderInput.ts';
import { expectAnswer } from './servers.ts';

/** The first certificate once more, for names that nothing covers. HAProxy takes it from the list's first line for good. */
const DEFAULT_FILE = 'default.pem';
/** Keeps the default from answering for its own names, which may have another certificate meanwhile. */
const NO_NAME = 'default.teal.invalid';

interface Listed {
  file: string;
  pem: string;
  names: string;
}

/** Name → content: one file per certificate, and the list that names them, the default first. */
export function certificateFiles(certificates: readonly Certificate[]): Record<string, string> {
  const listed = list(certificates);
  return {
    ...Object.fromEntries(listed.map(({ file, pem }) => [file, pem])),
    [LIST_FILE]: listed.map(({ file, names }) => `${file} ${names}\n`).join(''),
  };
}

/** Makes a running HAProxy serve `after`; neither may be empty. Open connections stay. Rejects when it refuses. */
export async function changeCertificates(
  generation: Generation,
  before: readonly Certificate[],
  after: readonly Certificate[],
): Promise<void> {
  const known = new Map(list(before).map((entry) => [entry.file, entry]));
  const wanted = new Map(list(after).map((entry) => [entry.file, entry]));
  const run = async (command: string, expected: RegExp) =>
    expectAnswer(command, await generation.ask(command), expected);
  const unlist = (file: string) => run(`del ssl crt-list ${LIST_FILE} ${file}`, /Entry .* deleted/);
  for (const { file, names } of known.values()) {
    const next = wanted.get(file);
    if (next !== undefined && next.names === names) continue;
    await unlist(file);
    if (next === undefined) await run(`del ssl cert ${file}`, /deleted!/);
  }
  for (const { file, pem, names } of wanted.values()) {
    const last = known.get(file);
    if (last === undefined) await run(`new ssl cert ${file}`, /^New empty certificate store/);
    if (last?.pem !== pem) {
      await run(`set ssl cert ${file} <<\n${pem}`, /^Transaction (created|updated) for certificate/);
      await run(`commit ssl cert ${file}`, /Success!/);
    }
    if (last?.names !== names) await run(`add ssl crt-list ${LIST_FILE} <<\n${file} ${names}\n`, /Success!/);
  }
}

/** Each name goes to the first certificate that has it. */
function list(certificates: readonly Certificate[]): Listed[] {
  const [first] = certificates;
  if (first === undefined) return [];
  const taken = new Set<string>();
  const listed: Listed[] = [{ file: DEFAULT_FILE, pem: pemOf(first), names: NO_NAME }];
  for (const certificate of certificates) {
    const names = certificate.names.filter((name) => !taken.has(name));
    for (const name of names) taken.add(name);
    if (names.length > 0)
      listed.push({ file: `c-${certificate.id}.pem`, pem: pemOf(certificate), names: names.join(' ') });
  }
  return listed;
}

function pemOf({ chainPem, keyPem }: Certificate): string {
  return `${chainPem}${keyPem}`;
}
