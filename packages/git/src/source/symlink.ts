/** Tells whether a tree's symbolic links stay inside it. A pure function over paths and targets; follows nothing on disk. */
import { TealError } from '@teal/core';
import { quoted } from './path.ts';

/** More hops than any file system follows: a loop. */
const HOPS_MAX = 40;

/** Throws `source_unsafe` naming the first link of `links` (path → target) whose target is absolute or leaves the root. */
export function checkSymlinks(links: ReadonlyMap<string, string>): void {
  for (const [path, target] of links) {
    const trouble = follow(path, links);
    if (trouble !== null) {
      throw new TealError('source_unsafe', {
        detail: `the symbolic link ${quoted(path)} points to ${quoted(target)}, which ${trouble}`,
      });
    }
  }
}

/**
 * Walks to where `start` leads, part by part through every link on the way: comparing texts is not enough, because
 * `..` after a link means the parent of what the link leads to.
 */
function follow(start: string, links: ReadonlyMap<string, string>): string | null {
  const todo = start.split('/').reverse();
  const at: string[] = [];
  for (let hops = 0; todo.length > 0; ) {
    const part = todo.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      if (at.pop() === undefined) return 'leaves the source';
      continue;
    }
    at.push(part);
    const target = links.get(at.join('/'));
    if (target === undefined) continue;
    hops += 1;
    if (hops > HOPS_MAX) return 'never ends';
    if (target.startsWith('/') || target.includes('\0')) return 'is outside of the source';
    at.pop();
    todo.push(...target.split('/').reverse());
  }
  return null;
}
