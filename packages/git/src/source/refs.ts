/** Reads refs and their history from a repository's files: no process, so it costs next to nothing. Writes nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObjectId } from './repository.ts';

export async function isRepository(repository: string): Promise<boolean> {
  return (await readOrEmpty(join(repository, 'HEAD'))) !== '';
}

/** The object `ref` points to (a tag's own object included); null when there is no such ref. */
export async function refTarget(repository: string, ref: string): Promise<string | null> {
  // In this order: git packs a ref first and removes its file then.
  const loose = (await readOrEmpty(join(repository, ref))).trim();
  if (isObjectId(loose)) return loose;
  const packed = await readOrEmpty(join(repository, 'packed-refs'));
  const line = packed.split('\n').find((text) => text.endsWith(` ${ref}`) && !text.startsWith('#'));
  const id = line?.slice(0, line.indexOf(' ')) ?? '';
  return isObjectId(id) ? id : null;
}

/** Whether the reflog says that `ref` ever moved to `commit`. */
export async function movedTo(repository: string, ref: string, commit: string): Promise<boolean> {
  const reflog = await readOrEmpty(join(repository, 'logs', ref));
  return reflog.split('\n').some((line) => line.split(' ', 2)[1] === commit);
}

async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(error.code ?? '')) return '';
    throw error;
  });
}
