/** Reads files that are named on the command line, from the folder the command was called in. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Call } from '../call.ts';
import { usageError } from '../output/exit.ts';

/** The file that an option names, as text; a usage error when the option is missing or the file cannot be read. */
export async function readNamed(call: Call, option: string, path: string | undefined): Promise<string> {
  if (path === undefined) throw usageError(`${option} FILE is missing.`);
  try {
    return await readFile(resolve(call.io.cwd, path), 'utf8');
  } catch (cause) {
    throw usageError(`${option}: "${path}" cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
}
