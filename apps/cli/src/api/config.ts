/** The configuration file: one server and its token, readable by its owner only. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Io } from '../io.ts';
import { usageError } from '../output/exit.ts';

export interface Config {
  url: string;
  token: string;
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
    const { url, token } = value ?? {};
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : null;
  } catch {
    return null;
  }
}

/** Replaces the file in one step; it is never readable by others, not even for a moment. */
export async function writeConfig(io: Io, config: Config): Promise<string> {
  const path = configPath(io);
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
