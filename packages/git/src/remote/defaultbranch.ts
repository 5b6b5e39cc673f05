/** Makes a fresh repository's HEAD name the branch that was pushed first, so that `git clone` checks it out. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeletion, type RefCommand } from '@teal/core';
import { refTarget } from '../source/refs.ts';

/** Does nothing while HEAD names a branch that exists, or when none of `commands` made a branch. */
export async function pointHeadAtFirstBranch(repository: string, commands: readonly RefCommand[]): Promise<void> {
  const pushed = commands.find((command) => command.ref.startsWith('refs/heads/') && !isDeletion(command));
  if (pushed === undefined) return;
  const head = (await readFile(join(repository, 'HEAD'), 'utf8')).trim().replace(/^ref: /, '');
  if (head === pushed.ref || (await refTarget(repository, head)) !== null) return;
  if ((await refTarget(repository, pushed.ref)) === null) return;
  const draft = join(repository, 'HEAD.teal');
  await writeFile(draft, `ref: ${pushed.ref}\n`);
  await rename(draft, join(repository, 'HEAD'));
}
