/** Lists a commit's tree with `git ls-tree`, and stops git as soon as the tree is larger than allowed. Reads no contents. */
import { spawn } from 'node:child_process';
import { TealError } from '@teal/core';
import type { SourceEntry, SourceLimits } from '@teal/deployer';
import { ByteReader } from './bytes.ts';
import type { GitOptions } from './objects.ts';
import { PATH_MAX_BYTES, quoted, safePath } from './path.ts';
import { spoken } from './spoken.ts';

export interface ListedEntry extends SourceEntry {
  id: string;
}

export interface ListingRequest extends GitOptions {
  repository: string;
  commit: string;
  limits: SourceLimits;
}

const KINDS: Readonly<Record<string, SourceEntry['kind']>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'executable',
  '120000': 'symlink',
};
const RECORD = /^(\d{6}) (blob|tree|commit) ([0-9a-f]{40,64}) +(\d+|-)\t/;

/** Entries in git's order, which is that of their bytes; null when there is no such commit. Throws `source_too_large`, `source_unsafe`. */
export async function listTree(request: ListingRequest): Promise<ListedEntry[] | null> {
  const { repository, commit, environment, silenceMs } = request;
  // -t: folders count too, or a tree of nothing but empty folders would never end.
  const child = spawn(
    'git',
    [`--git-dir=${repository}`, 'ls-tree', '-r', '-t', '-z', '--long', '--end-of-options', commit],
    {
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('exit', resolve);
  });
  try {
    const entries = await collect(new ByteReader(spoken(child, silenceMs)), request.limits);
    return (await exited) === 0 ? entries : null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TealError('source_unsafe', { detail: `a path is longer than ${PATH_MAX_BYTES} bytes` }, { cause: error });
  } finally {
    child.kill('SIGKILL');
    child.stdout.destroy();
    await exited;
  }
}

async function collect(records: ByteReader, limits: SourceLimits): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = [];
  const seen = new Set<string>();
  let totalBytes = 0;
  for (;;) {
    // The longest path, and what stands before it.
    const record = await records.until(0, PATH_MAX_BYTES + 4_096);
    if (record === null) return entries;
    const entry = parse(record);
    if (seen.has(entry.path)) {
      throw new TealError('source_unsafe', { detail: `the path ${quoted(entry.path)} is in it twice` });
    }
    seen.add(entry.path);
    if (seen.size > limits.maxEntries) {
      throw new TealError('source_too_large', { detail: `it has more than ${limits.maxEntries} files and folders` });
    }
    if (entry.kind === null) continue;
    totalBytes += entry.sizeBytes;
    checkSize(entry, totalBytes, limits);
    entries.push({ path: entry.path, kind: entry.kind, sizeBytes: entry.sizeBytes, id: entry.id });
  }
}

function parse(record: Buffer): Omit<ListedEntry, 'kind'> & { kind: SourceEntry['kind'] | null } {
  const match = RECORD.exec(record.subarray(0, 200).toString('latin1'));
  if (match === null) throw new Error('git ls-tree printed a line that cannot be read');
  const [head, mode = '', type, id = '', size] = match;
  const path = safePath(record.subarray(head.length));
  const kind = type === 'blob' ? (KINDS[mode] ?? null) : null;
  if (type === 'blob' && kind === null) {
    throw new TealError('source_unsafe', { detail: `the path ${quoted(path)} has the unknown mode ${mode}` });
  }
  return { path, id, kind, sizeBytes: size === '-' ? 0 : Number(size) };
}

function checkSize(entry: { path: string; sizeBytes: number }, totalBytes: number, limits: SourceLimits): void {
  if (entry.sizeBytes > limits.maxFileBytes) {
    throw new TealError('source_too_large', {
      detail: `${quoted(entry.path)} has ${entry.sizeBytes} bytes, more than ${limits.maxFileBytes}`,
    });
  }
  if (totalBytes > limits.maxBytes) {
    throw new TealError('source_too_large', { detail: `its files have more than ${limits.maxBytes} bytes together` });
  }
}
