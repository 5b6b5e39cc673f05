/** Which paths of a tree may reach a disk. Pure functions over names. */
import { isUtf8 } from 'node:buffer';
import { TealError } from '@teal/core';

export const PATH_MAX_BYTES = 4_000;
const NAME_MAX_BYTES = 255;
const CONTROLS = /[\u0000-\u001f\u007f]/;
/** Characters that some file systems drop from names, so that `.g<invisible>it` becomes `.git`. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** How a path appears in a message: quoted, on one line, cut. */
export function quoted(path: string): string {
  return JSON.stringify(path.length > 120 ? `${path.slice(0, 120)}…` : path);
}

function unsafe(path: string, why: string): TealError {
  return new TealError('source_unsafe', { detail: `the path ${quoted(path)} ${why}` });
}

function isGitFolder(name: string): boolean {
  const plain = name
    .replace(INVISIBLE, '')
    .replace(/[ .]+$/, '')
    .toLowerCase();
  return plain === '.git' || plain === 'git~1';
}

/** The path as text; throws `source_unsafe` for what no work tree should contain. */
export function safePath(bytes: Buffer): string {
  const path = bytes.toString('utf8');
  if (!isUtf8(bytes)) throw unsafe(path, 'is not UTF-8');
  if (bytes.length > PATH_MAX_BYTES) throw unsafe(path, `is longer than ${PATH_MAX_BYTES} bytes`);
  if (CONTROLS.test(path)) throw unsafe(path, 'contains a control character');
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') throw unsafe(path, 'has an empty, "." or ".." part');
    if (isGitFolder(name)) throw unsafe(path, 'has a part named like git\'s own folder ".git"');
    if (Buffer.byteLength(name) > NAME_MAX_BYTES) throw unsafe(path, `has a part longer than ${NAME_MAX_BYTES} bytes`);
  }
  return path;
}
