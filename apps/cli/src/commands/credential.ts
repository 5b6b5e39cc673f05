/** `teal credential`: git's credential helper protocol (git-credential(1)) for the one configured server. */
import { resolveServer } from '../api/server.ts';
import type { Call } from '../call.ts';
import { readPiped } from './ask.ts';

/** Says nothing about any other host; git then asks its next helper. */
export async function getCredential(call: Call): Promise<void> {
  const asked = parseAttributes(await readPiped(call.io));
  const { url, token } = await resolveServer(call.io);
  if (token === null || !isSameServer(asked, url)) return;
  call.io.stdout.write(`username=teal\npassword=${token}\n`);
}

/** Git offers what worked, or tells what did not; the token is "teal login"'s to keep. */
export async function ignoreCredential(call: Call): Promise<void> {
  await readPiped(call.io);
}

function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const line of text.split('\n')) {
    const end = line.indexOf('=');
    if (end > 0) attributes.set(line.slice(0, end), line.slice(end + 1));
  }
  return attributes;
}

/** Scheme, host and port must all be the server's: a token never goes to a neighbour on another port. */
function isSameServer(asked: ReadonlyMap<string, string>, url: URL): boolean {
  const text = `${asked.get('protocol')}://${asked.get('host')}`;
  if (!URL.canParse(text)) return false;
  const other = new URL(text);
  return other.origin === url.origin && other.pathname === '/' && other.username === '' && other.search === '';
}
