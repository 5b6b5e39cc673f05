/** Which Teal the command talks to, and with which token: environment, then configuration file, then the default. */
import type { Io } from '../io.ts';
import { usageError } from '../output/exit.ts';
import { readConfig, tokenFor } from './config.ts';

export const DEFAULT_URL = 'http://localhost:4000';

export interface Server {
  url: URL;
  token: string | null;
}

/** `text` as the address of a Teal; throws a usage error when it is none. Only scheme, host and port count. */
export function parseServerUrl(text: string, source: string): URL {
  if (!URL.canParse(text)) throw usageError(`${source} is not a URL: ${text}`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw usageError(`${source} must start with http:// or https://.`);
  if (url.username !== '' || url.password !== '') {
    throw usageError(
      `${source} must not carry a user name or password. Put the token into TEAL_TOKEN, or use "teal login".`,
    );
  }
  return new URL(url.origin);
}

/** A token goes into a header line: anything but visible ASCII would break out of it. */
export function checkToken(token: string, source: string): string {
  const trimmed = token.trim();
  if (!/^[\x21-\x7e]{1,200}$/.test(trimmed))
    throw usageError(`${source} is not a token: it has unexpected characters.`);
  return trimmed;
}

/** The kept token is sent to the server it was kept for and to no other. */
export async function resolveServer(io: Io): Promise<Server> {
  const { TEAL_URL, TEAL_TOKEN } = io.env;
  const kept = await readConfig(io);
  const url = TEAL_URL
    ? parseServerUrl(TEAL_URL, 'TEAL_URL')
    : parseServerUrl(kept?.url ?? DEFAULT_URL, 'The kept URL');
  if (TEAL_TOKEN) return { url, token: checkToken(TEAL_TOKEN, 'TEAL_TOKEN') };
  const token = tokenFor(kept, url);
  return { url, token: token === null ? null : checkToken(token, 'The kept token') };
}
