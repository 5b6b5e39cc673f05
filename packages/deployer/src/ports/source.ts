/** Port: a commit's tree, read straight from the app's repository; never a work tree. Adapter: packages/git. */
import type { CommitFacts } from '@teal/core';

export type SourceEntryKind = 'file' | 'executable' | 'symlink';

export interface SourceEntry {
  /** Path below the root with `/` between parts; never absolute, never with `.` or `..` parts. */
  path: string;
  kind: SourceEntryKind;
  sizeBytes: number;
}

export interface SourceFile extends SourceEntry {
  /** A file's bytes, or a symlink's target text. */
  content: Buffer;
}

/** Caps on what one commit may hold; more is `source_too_large`. */
export interface SourceLimits {
  maxEntries: number;
  maxBytes: number;
  maxFileBytes: number;
}

export interface SourceTree {
  readonly facts: CommitFacts;
  /** All entries, sorted by path. Submodules are left out. */
  readonly entries: readonly SourceEntry[];
  /** One regular file's bytes, or null when there is none at `path` (a symlink is none). */
  read(path: string): Promise<Buffer | null>;
  /** Every entry with its content, in the order of `entries`; one pass, one file in memory at a time. */
  files(signal?: AbortSignal): AsyncIterable<SourceFile>;
}

export interface SourceReader {
  /** Opens the tree of `commit`, at no cost when that was done a moment ago; throws `source_too_large`, `source_unsafe`, and `source_unavailable` in time when the repository does not answer. */
  open(appId: string, commit: string): Promise<SourceTree>;
  /** What the commit says of itself; null when the repository has no such commit. */
  describe(appId: string, commit: string): Promise<CommitFacts | null>;
  /** The commit a branch points to; null when there is no such branch. */
  head(appId: string, branch: string): Promise<string | null>;
  /** Whether `ref` ever moved to `commit` here, by the reflog: the proof that an accepted push landed. */
  landed(appId: string, ref: string, commit: string): Promise<boolean>;
  /** Makes the app's empty repository; does nothing when it is there. */
  create(appId: string): Promise<void>;
  remove(appId: string): Promise<void>;
  /** App ids that have a repository on disk. */
  list(): Promise<string[]>;
}
