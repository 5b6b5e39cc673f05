/** Which commit a command means: the word given, else HEAD of a folder that belongs to the app. */
import type { Server } from '../api/server.ts';
import type { Call } from '../call.ts';
import { appsOfFolder } from '../git/remote.ts';
import { resolveCommit } from '../git/repository.ts';
import { usageError } from '../output/exit.ts';

/** `word` as a commit id, in full where this folder's repository knows it (`main`, `HEAD~1`, a tag). */
export async function commitOfWord(call: Call, word: string): Promise<string> {
  const known = await resolveCommit(call.io, word);
  if (known !== null) return known;
  const id = word.toLowerCase();
  if (!/^[0-9a-f]{7,64}$/.test(id)) {
    throw usageError(
      `"${word}" is no commit here. Give 7 or more characters of its id, or a name that this folder's repository knows.`,
    );
  }
  return id;
}

/** HEAD here, when a remote of this folder leads to `app`; null elsewhere. */
export async function commitOfFolder(call: Call, server: Server, app: string): Promise<string | null> {
  return (await appsOfFolder(call, server)).includes(app) ? resolveCommit(call.io, 'HEAD') : null;
}
