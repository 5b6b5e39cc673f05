/** Reads the git repository of the current folder: its remotes and commits. Changes nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Io } from '../io.ts';

const run = promisify(execFile);

export interface Remote {
  name: string;
  url: string;
}

async function git(io: Io, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run('git', [...args], {
      cwd: io.cwd,
      env: io.env as NodeJS.ProcessEnv,
      maxBuffer: 1 << 20,
    });
    return stdout;
  } catch {
    // No git, no repository, no such thing in it: for the caller all the same.
    return null;
  }
}

/** Empty outside a repository. */
export async function listRemotes(io: Io): Promise<Remote[]> {
  const text = await git(io, ['config', '--null', '--get-regexp', '^remote\\..*\\.url$']);
  if (text === null) return [];
  return text
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const end = entry.indexOf('\n');
      return { name: entry.slice('remote.'.length, end - '.url'.length), url: entry.slice(end + 1) };
    });
}

/** The full id of what `revision` names here; null when it names no commit. */
export async function resolveCommit(io: Io, revision: string): Promise<string | null> {
  const text = await git(io, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  return text?.trim() || null;
}

/** A word for a shell, as git hands a helper that begins with `!` to one. */
export function shellWord(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
