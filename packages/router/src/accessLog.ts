/** The access log of all apps: kept in bounded files or in memory, read and followed per app. Counts nothing. */
import type { AccessEntry } from '@teal/core';
import { AccessFile } from './accessFile.ts';

export interface AccessLogOptions {
  /** Folder of the log's two files; null keeps the last entries in memory only. */
  dir: string | null;
  /** Of each of the two files. */
  maxFileBytes?: number;
  /** In memory, of all apps together. */
  maxEntries?: number;
  /** Called with what went wrong at the files; the entries concerned are lost. */
  trouble(error: unknown): void;
}

export interface ReadOptions {
  tailLines: number;
  follow: boolean;
  signal?: AbortSignal;
}

/** Written one after the other as one text; open to further lines until its write begins. */
interface Batch {
  lines: string[];
}

const DEFAULT_FILE_BYTES = 32 * 1024 * 1024;
const DEFAULT_ENTRIES = 20_000;
/** More than this in one answer would fill the memory. */
const MAX_TAIL = 10_000;
/** What a slow follower has not read beyond this is left out. */
const MAX_UNREAD = 10_000;
/** Entries that wait for a disk that does not keep up. */
const MAX_UNWRITTEN = 50_000;
const MAX_TEXT = 1_024;
// Controls, and what turns or hides the text around it on a terminal.
const PLAIN = /^[ -~]*$/;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What a client wrote, as the log shows it. */
export function printable(text: string): string {
  const shown = text.slice(0, MAX_TEXT);
  return PLAIN.test(shown) ? shown : shown.replace(UNPRINTABLE, '\ufffd');
}

export class AccessLog {
  readonly #trouble: (error: unknown) => void;
  readonly #file: AccessFile | null;
  readonly #maxEntries: number;
  readonly #followers = new Map<string, Set<(entry: AccessEntry) => void>>();
  #entries: AccessEntry[] = [];
  #batch: Batch | null = null;
  /** Writes and snapshots, strictly one after the other. */
  #chain: Promise<void> = Promise.resolve();
  readonly #ended = new AbortController();

  constructor({ dir, maxFileBytes = DEFAULT_FILE_BYTES, maxEntries = DEFAULT_ENTRIES, trouble }: AccessLogOptions) {
    this.#file = dir === null ? null : new AccessFile(dir, maxFileBytes);
    this.#maxEntries = maxEntries;
    this.#trouble = trouble;
  }

  append(given: AccessEntry): void {
    if (this.#ended.signal.aborted) return;
    const entry = clean(given);
    for (const tell of this.#followers.get(entry.appId) ?? []) tell(entry);
    if (this.#file === null) {
      this.#entries.push(entry);
      // Cut rarely: every cut moves the whole list.
      if (this.#entries.length >= 2 * this.#maxEntries) this.#entries = this.#entries.slice(-this.#maxEntries);
      return;
    }
    const batch = this.#batch ?? this.#newBatch(this.#file);
    if (batch.lines.length < MAX_UNWRITTEN) batch.lines.push(`${JSON.stringify(entry)}\n`);
  }

  /** The app's last entries, oldest first; then, with `follow`, every later one until `signal` aborts or the log closes. */
  async *read(appId: string, { tailLines, follow, signal }: ReadOptions): AsyncGenerator<AccessEntry> {
    const signals = signal === undefined ? [this.#ended.signal] : [signal, this.#ended.signal];
    const over = AbortSignal.any(signals);
    const unread: AccessEntry[] = [];
    let wake = () => {};
    const leave = follow
      ? this.#follow(appId, (entry) => {
          if (unread.push(entry) > MAX_UNREAD) unread.shift();
          wake();
        })
      : () => {};
    // Nothing may come between here and the cut that `tail` makes: it would be told twice or never.
    const tail = this.#tail(appId, tailLines);
    over.addEventListener('abort', () => wake());
    try {
      for (const entry of await tail) yield entry;
      while (follow) {
        for (let entry = unread.shift(); entry !== undefined; entry = unread.shift()) yield entry;
        if (over.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (unread.length > 0 || over.aborted) resolve();
        });
      }
    } finally {
      leave();
    }
  }

  /** Ends every reader and writes what is left. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#chain;
    await this.#file?.close();
  }

  #follow(appId: string, tell: (entry: AccessEntry) => void): () => void {
    const followers = this.#followers.get(appId) ?? new Set();
    this.#followers.set(appId, followers.add(tell));
    return () => {
      followers.delete(tell);
      if (followers.size === 0 && this.#followers.get(appId) === followers) this.#followers.delete(appId);
    };
  }

  #newBatch(file: AccessFile): Batch {
    const batch: Batch = { lines: [] };
    this.#batch = batch;
    this.#chain = this.#chain.then(async () => {
      if (this.#batch === batch) this.#batch = null;
      await file.write(batch.lines).catch(this.#trouble);
    });
    return batch;
  }

  async #tail(appId: string, tailLines: number): Promise<AccessEntry[]> {
    const wanted = Math.min(tailLines, MAX_TAIL);
    if (wanted <= 0) return [];
    const file = this.#file;
    if (file === null) return this.#entries.filter((entry) => entry.appId === appId).slice(-wanted);
    // What is appended from now on goes into a batch after the snapshot.
    this.#batch = null;
    const snapshot = this.#chain.then(() => file.snapshot());
    this.#chain = snapshot.then(
      () => {},
      () => {},
    );
    const { linesBackwards, close } = await snapshot;
    try {
      const found: AccessEntry[] = [];
      const mark = JSON.stringify({ appId }).slice(1, -1);
      for await (const line of linesBackwards()) {
        const entry = line.includes(mark) ? parse(line) : null;
        if (entry?.appId === appId && found.push(entry) === wanted) break;
      }
      return found.reverse();
    } finally {
      await close();
    }
  }
}

function clean(entry: AccessEntry): AccessEntry {
  const { clientHost, host, method, path } = entry;
  return {
    ...entry,
    clientHost: printable(clientHost),
    host: printable(host),
    method: printable(method),
    path: printable(path),
    durationMs: Math.round(entry.durationMs * 100) / 100,
  };
}

/** Null for a line that a crash cut. */
function parse(line: string): AccessEntry | null {
  try {
    const entry = JSON.parse(line) as Omit<AccessEntry, 'at'> & { at: string };
    return { ...entry, at: new Date(entry.at) };
  } catch {
    return null;
  }
}
