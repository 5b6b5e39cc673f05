/** A source tree held in memory, for suites that need no git. Commit and tree are digests of the files. */
import { createHash } from 'node:crypto';
import type { SourceEntry, SourceEntryKind, SourceFile, SourceTree } from '@teal/deployer';

export type MemoryFile = string | Buffer | { kind: SourceEntryKind; content: string | Buffer };

function toFile(path: string, file: MemoryFile): SourceFile {
  const described = typeof file === 'string' || Buffer.isBuffer(file) ? { kind: 'file' as const, content: file } : file;
  const content = Buffer.isBuffer(described.content) ? described.content : Buffer.from(described.content);
  return { path, kind: described.kind, content, sizeBytes: content.length };
}

/** `memorySource({ 'server.js': 'text', 'run.sh': { kind: 'executable', content: '…' } })`. */
export function memorySource(files: Readonly<Record<string, MemoryFile>>): SourceTree {
  const all = Object.entries(files)
    .map(([path, file]) => toFile(path, file))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const digest = createHash('sha1');
  for (const file of all) digest.update(`${file.kind} ${file.path} ${file.sizeBytes}\0`).update(file.content);
  const tree = digest.digest('hex');
  const entries: SourceEntry[] = all.map(({ path, kind, sizeBytes }) => ({ path, kind, sizeBytes }));
  return {
    facts: { commit: tree, tree, author: 'A Tester <tester@example.test>', message: 'In memory' },
    entries,
    read: async (path) => all.find((file) => file.path === path && file.kind !== 'symlink')?.content ?? null,
    async *files(signal) {
      for (const file of all) {
        signal?.throwIfAborted();
        yield file;
      }
    },
  };
}
