/** `teal keys`: public keys for git over SSH, one's own or an app's. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KeyListView, KeyView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError, usageError } from '../output/exit.ts';
import { ago } from '../output/moment.ts';

/** In this order, as ssh itself looks for them. */
const USUAL_FILES = ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub'];
const FILE_MAX_BYTES = 20_000;

export async function addKey(call: Call): Promise<void> {
  const { app, name, write } = call.options;
  if (app === undefined && write === true) throw usageError('--write goes with --app: your own keys may what you may.');
  const key = await readKey(call);
  const api = await connect(call.io);
  const body = {
    key,
    ...(name === undefined ? {} : { name }),
    ...(app === undefined ? {} : { write: write === true }),
  };
  const added = await api.post<KeyView>(address(app), body);
  call.data(added);
  call.rows([row(call, added, Date.now())]);
  if (call.json) return;
  const { ssh } = await api.get<KeyListView>(address(app));
  if (ssh === null) return call.note('This platform serves no git over SSH at present (--ssh-port).');
  call.note(`Push to ${cleanWord(ssh.urlPattern)}; the server proves itself by ${cleanWord(ssh.hostKey)}.`);
}

export async function listKeys(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { keys, ssh } = await api.get<KeyListView>(address(call.options.app));
  call.data({ keys, ssh });
  const nowMs = Date.now();
  call.rows(keys.map((key) => row(call, key, nowMs)));
}

export async function removeKey(call: Call): Promise<void> {
  const word = call.words[0] ?? '';
  const { app } = call.options;
  const api = await connect(call.io);
  const { keys } = await api.get<KeyListView>(address(app));
  const found = keys.filter(({ id, name, fingerprint }) => [id, name, fingerprint].includes(word));
  const [key, second] = found;
  if (key === undefined) {
    const list = app === undefined ? 'teal keys list' : `teal keys list --app ${app}`;
    throw new CommandError('notFound', 'key_not_found', `There is no key "${word}". "${list}" shows those there are.`);
  }
  if (second !== undefined)
    throw new CommandError('conflict', 'key_ambiguous', `Several keys are called "${word}". Give the id.`);
  await api.delete(`${address(app)}/${encodeURIComponent(key.id)}`);
  call.data({ removed: key });
  call.say(`${call.paint.green('✔')} removed ${cleanWord(key.name)}`);
}

const address = (app: string | undefined) => (app === undefined ? paths.keys() : paths.appKeys(app));

async function readKey(call: Call): Promise<string> {
  const [given] = call.words;
  const file = given ?? (await usualFile(call));
  const size = await stat(file).then(
    (found) => found.size,
    () => null,
  );
  if (size === null) throw usageError(`${file} cannot be read. Name the .pub file of your key; ssh-keygen makes one.`);
  if (size > FILE_MAX_BYTES) throw usageError(`${file} is too large to be a public key.`);
  const text = await readFile(file, 'utf8');
  // Refused by the server as well; it should not even leave this machine.
  if (text.includes('PRIVATE KEY')) throw usageError(`${file} is a private key. Name the .pub file beside it.`);
  return text.trim();
}

async function usualFile({ io }: Call): Promise<string> {
  const folder = join(io.env.HOME ?? homedir(), '.ssh');
  for (const name of USUAL_FILES) {
    const file = join(folder, name);
    if (await stat(file).catch(() => null)) return file;
  }
  throw usageError(`There is no public key in ${folder}. Name its file; ssh-keygen makes one.`);
}

function row(call: Call, key: KeyView, nowMs: number): string[] {
  return [
    call.paint.bold(cleanWord(key.name)),
    cleanWord(key.type),
    cleanWord(key.fingerprint),
    call.options.app === undefined ? '' : key.write ? 'may push' : 'may fetch',
    key.lastUsedAt === null ? 'never used' : `used ${ago(key.lastUsedAt, nowMs)}`,
  ];
}
