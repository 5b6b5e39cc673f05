/** Adapter of the source port: bare repositories on disk, read with git. Never makes a work tree and follows no link. */
import { readdir, rm } from 'node:fs/promises';
import { type CommitFacts, TealError } from '@teal/core';
import type { SourceLimits, SourceReader, SourceTree } from '@teal/deployer';
import { readerEnvironment } from '../environment.ts';
import { commitFacts } from './commit.ts';
import { createRepository } from './create.ts';
import { type ListedEntry, listTree } from './listing.ts';
import type { GitObject, ObjectProcess } from './objects.ts';
import { ObjectPool } from './pool.ts';
import { Recent } from './recent.ts';
import { isRepository, movedTo, refTarget } from './refs.ts';
import { appIdOfFolder, isBranchOrTag, isObjectId, repositoryPath } from './repository.ts';
import { SILENCE_MS } from './spoken.ts';
import { checkSymlinks } from './symlink.ts';
import { RepositoryTree } from './tree.ts';

export interface SourceReaderOptions {
  /** Holds one bare repository per app, `<appId>.git`. */
  repositoriesDir: string;
  /** The whole environment of git's processes; by default {@link readerEnvironment}. */
  gitEnvironment?: Record<string, string>;
  limits: SourceLimits;
  /** For each piece of git's answers; default {@link SILENCE_MS}. */
  silenceMs?: number;
}

/** The port, and `close()`, which ends the processes it keeps for the next call. */
export type GitSourceReader = SourceReader & { close(): Promise<void> };

const MAX_IDLE_PROCESSES = 8;
const IDLE_MS = 10_000;
/** A push has its tree opened before its deployment asks for it. */
const RECENT_TREES = { max: 4, keepMs: 10_000 };
const SYMLINK_MAX_BYTES = 4_000;
const COMMIT_MAX_BYTES = 4 * 1024 * 1024;

export function createSourceReader(options: SourceReaderOptions): GitSourceReader {
  const { silenceMs = SILENCE_MS } = options;
  const environment = options.gitEnvironment ?? readerEnvironment();
  const pool = new ObjectPool({ environment, silenceMs, maxIdle: MAX_IDLE_PROCESSES, idleMs: IDLE_MS });
  const trees = new Recent<SourceTree>(RECENT_TREES);
  const locate = (appId: string) => repositoryPath(options.repositoriesDir, appId);

  async function using<T>(repository: string, use: (process: ObjectProcess) => Promise<T>): Promise<T> {
    const process = pool.borrow(repository);
    try {
      return await use(process);
    } finally {
      pool.giveBack(repository, process);
    }
  }

  /** The commit object `id`; null when there is none, or no repository. */
  async function commitOf(repository: string, id: string): Promise<GitObject | null> {
    if (!(await isRepository(repository))) return null;
    return using(repository, (process) => process.get(`${id}^{commit}`, COMMIT_MAX_BYTES));
  }

  async function checkLinks(repository: string, listed: readonly ListedEntry[]): Promise<void> {
    const links = listed.filter((entry) => entry.kind === 'symlink');
    if (links.length === 0) return;
    const long = links.find((entry) => entry.sizeBytes > SYMLINK_MAX_BYTES);
    if (long !== undefined) {
      throw new TealError('source_unsafe', { detail: `the symbolic link ${JSON.stringify(long.path)} is too long` });
    }
    const ids = links.map((entry) => entry.id);
    const targets = new Map<string, string>();
    await using(repository, async (process) => {
      let index = 0;
      for await (const object of process.each(ids, SYMLINK_MAX_BYTES)) {
        targets.set(links[index]?.path ?? '', object?.content.toString('utf8') ?? '');
        index += 1;
      }
    });
    checkSymlinks(targets);
  }

  async function open(appId: string, commit: string): Promise<SourceTree> {
    const repository = locate(appId);
    const missing = new TealError('source_unsafe', { detail: `the repository has no commit ${commit.slice(0, 64)}` });
    if (!isObjectId(commit)) throw missing;
    const [object, listed] = await Promise.all([
      commitOf(repository, commit),
      listTree({ repository, commit, limits: options.limits, environment, silenceMs }),
    ]);
    if (object === null || listed === null) throw missing;
    await checkLinks(repository, listed);
    return new RepositoryTree(commitFacts(object.id, object.content), listed, { repository, pool });
  }

  async function describe(appId: string, commit: string): Promise<CommitFacts | null> {
    const object = isObjectId(commit) ? await commitOf(locate(appId), commit) : null;
    return object === null ? null : commitFacts(object.id, object.content);
  }

  async function head(appId: string, branch: string): Promise<string | null> {
    const ref = `refs/heads/${branch}`;
    return isBranchOrTag(ref) ? refTarget(locate(appId), ref) : null;
  }

  async function landed(appId: string, ref: string, commit: string): Promise<boolean> {
    if (!isBranchOrTag(ref) || !isObjectId(commit)) return false;
    const repository = locate(appId);
    const current = await refTarget(repository, ref);
    // A deleted ref has no reflog any more.
    if (/^0+$/.test(commit)) return current === null && (await isRepository(repository));
    return current === commit || (await movedTo(repository, ref, commit));
  }

  return {
    open: (appId, commit) => trees.get(`${appId} ${commit}`, () => open(appId, commit)),
    describe,
    head,
    landed,
    create: (appId) => createRepository(locate(appId), environment),
    remove: async (appId) => {
      const repository = locate(appId);
      trees.forget(appId);
      pool.forget(repository);
      await rm(repository, { recursive: true, force: true, maxRetries: 3 });
    },
    list: async () => {
      const names = await readdir(options.repositoriesDir).catch(emptyWhenMissing);
      return names.map(appIdOfFolder).filter((id) => id !== null);
    },
    close() {
      trees.forget('');
      return pool.close();
    },
  };
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
