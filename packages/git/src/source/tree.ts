/** A commit's tree as the port wants it: entries known, contents fetched when asked for. Never a work tree. */
import type { CommitFacts } from '@teal/core';
import type { SourceEntry, SourceFile, SourceTree } from '@teal/deployer';
import type { ListedEntry } from './listing.ts';
import type { ObjectPool } from './pool.ts';

export class RepositoryTree implements SourceTree {
  readonly facts: CommitFacts;
  readonly entries: readonly SourceEntry[];
  readonly #listed: readonly ListedEntry[];
  readonly #files: ReadonlyMap<string, ListedEntry>;
  readonly #largestBytes: number;
  readonly #repository: string;
  readonly #pool: ObjectPool;

  constructor(facts: CommitFacts, listed: readonly ListedEntry[], source: { repository: string; pool: ObjectPool }) {
    this.facts = facts;
    this.#listed = listed;
    this.entries = listed.map(({ path, kind, sizeBytes }) => ({ path, kind, sizeBytes }));
    this.#files = new Map(listed.filter((entry) => entry.kind !== 'symlink').map((entry) => [entry.path, entry]));
    this.#largestBytes = listed.reduce((largest, entry) => Math.max(largest, entry.sizeBytes), 0);
    this.#repository = source.repository;
    this.#pool = source.pool;
  }

  async read(path: string): Promise<Buffer | null> {
    const entry = this.#files.get(path);
    if (entry === undefined) return null;
    const process = this.#pool.borrow(this.#repository);
    try {
      const object = await process.get(entry.id, entry.sizeBytes);
      if (object === null) throw new Error(`the repository has lost ${entry.id}`);
      return object.content;
    } finally {
      this.#pool.giveBack(this.#repository, process);
    }
  }

  async *files(signal?: AbortSignal): AsyncIterable<SourceFile> {
    signal?.throwIfAborted();
    const process = this.#pool.borrow(this.#repository);
    const stop = () => process.kill();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const objects = process.each(
        this.#listed.map((entry) => entry.id),
        this.#largestBytes,
      );
      for (const [index, { path, kind, sizeBytes }] of this.entries.entries()) {
        const next = await objects.next();
        signal?.throwIfAborted();
        if (next.done === true || next.value === null) throw new Error(`the repository has lost ${path}`);
        if (index === this.entries.length - 1) await objects.next();
        yield { path, kind, sizeBytes, content: next.value.content };
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#pool.giveBack(this.#repository, process);
    }
  }
}
