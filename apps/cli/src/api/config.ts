/** The configuration file: the server that is meant and others, with their tokens, readable by its owner only. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Io } from '../io.ts';
import { usageError } from '../output/exit.ts';

export interface Kept {
  url: string;
  token: string;
}

export interface Config extends Kept {
  /** Other servers that one may go back to. */
  others?: Kept[];
}

/** `$XDG_CONFIG_HOME/teal/config.json`, by default below ~/.config. */
export function configPath(io: Io): string {
  const { XDG_CONFIG_HOME, HOME } = io.env;
  // A relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory Specification).
  const base = XDG_CONFIG_HOME && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(HOME || homedir(), '.config');
  return join(base, 'teal', 'config.json');
}

/** Null when there is no file; a usage error when it cannot be read. */
export async function readConfig(io: Io): Promise<Config | null> {
  const path = configPath(io);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw usageError(`${path} cannot be read: ${(cause as Error).message}`);
  }
  const config = parse(text);
  if (config === null) throw usageError(`${path} is damaged. Write it again with "teal login".`);
  return config;
}

function parse(text: string): Config | null {
  try {
    const value = JSON.parse(text) as Partial<Config> | null;
    const { others } = value ?? {};
    if (!isKept(value)) return null;
    const { url, token } = value;
    return Array.isArray(others) ? { url, token, others: others.filter(isKept) } : { url, token };
  } catch {
    return null;
  }
}

function isKept(value: Partial<Kept> | null): value is Kept {
  return typeof value?.url === 'string' && typeof value.token === 'string';
}

/** The token kept for a server, current or not. */
export function tokenFor(config: Config | null, url: URL): string | null {
  const all = config === null ? [] : [config, ...(config.others ?? [])];
  return all.find((kept) => URL.canParse(kept.url) && new URL(kept.url).origin === url.origin)?.token ?? null;
}

/** Makes this server the one that is meant; those kept before stay. Replaces the file in one step; it is never readable by others, not even for a moment. */
export async function writeConfig(io: Io, { url, token }: Kept): Promise<string> {
  const path = configPath(io);
  // A damaged file must not keep its owner from writing a new one.
  const before = await readConfig(io).catch(() => null);
  const others = before === null ? [] : [before, ...(before.others ?? [])].filter((kept) => kept.url !== url);
  const rest = others.map((kept) => ({ url: kept.url, token: kept.token }));
  const config: Config = rest.length === 0 ? { url, token } : { url, token, others: rest };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
  return path;
}
