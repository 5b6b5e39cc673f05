/** Streams build contexts as tar: one file in memory at a time. Writes nothing to disk. */
import type { Readable } from 'node:stream';
import dockerignoreModule from '@balena/dockerignore';
import type { SourceTree } from '@teal/deployer';
import { CONTEXT } from '@teal/recipes';
import { type Pack, pack } from 'tar-stream';

/** Its types speak of an ES module; the function itself is what CommonJS exports. */
const dockerignore = dockerignoreModule as unknown as typeof dockerignoreModule.default;

export const DOCKERFILE_IN_CONTEXT = 'teal/Dockerfile';

export interface ContextFile {
  path: string;
  content: Buffer;
  kind: 'file' | 'executable' | 'symlink';
}

/** The folders above each path, each once, as tar wants them. */
function* foldersOf(path: string, seen: Set<string>): Generator<string> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    if (seen.has(folder)) continue;
    seen.add(folder);
    yield folder;
  }
}

async function add(tar: Pack, header: Parameters<Pack['entry']>[0], content: Buffer | null): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (content === null) tar.entry(header, done);
    else tar.entry(header, content, done);
  });
}

async function write(tar: Pack, files: AsyncIterable<ContextFile>): Promise<void> {
  const seen = new Set<string>();
  // times do not count for BuildKit's cache, but web servers tell browsers by them what has changed
  const mtime = new Date();
  for await (const { path, content, kind } of files) {
    for (const name of foldersOf(path, seen)) await add(tar, { name, type: 'directory', mode: 0o755, mtime }, null);
    if (kind === 'symlink') {
      await add(tar, { name: path, type: 'symlink', linkname: content.toString(), mode: 0o777, mtime }, null);
    } else {
      const mode = kind === 'executable' ? 0o755 : 0o644;
      await add(tar, { name: path, size: content.length, mode, mtime }, content);
    }
  }
  tar.finalize();
}

/** A tar of `files`. A failure of `files` destroys the stream with that error. */
export function tarOf(files: AsyncIterable<ContextFile>): Readable {
  const tar = pack();
  write(tar, files).catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  return tar as unknown as Readable;
}

/** For a recipe: its Dockerfile and the variables in a folder of ours, the source in another. */
export async function* recipeContext(
  source: SourceTree,
  parts: { dockerfile: string; environment: string; exclude: readonly string[] },
  signal: AbortSignal,
): AsyncGenerator<ContextFile> {
  yield { path: DOCKERFILE_IN_CONTEXT, content: Buffer.from(parts.dockerfile), kind: 'file' };
  yield { path: CONTEXT.environment, content: Buffer.from(parts.environment), kind: 'file' };
  for await (const file of source.files(signal)) {
    const top = file.path.split('/', 1)[0] ?? '';
    if (parts.exclude.includes(top) && top !== file.path) continue;
    yield { path: `${CONTEXT.source}/${file.path}`, content: file.content, kind: file.kind };
  }
}

/** For a user's Dockerfile: the tree as it is, less what `.dockerignore` names (the daemon does not read that file). */
export async function* dockerfileContext(
  source: SourceTree,
  dockerfile: string,
  signal: AbortSignal,
): AsyncGenerator<ContextFile> {
  const rules = (await source.read('Dockerfile.dockerignore')) ?? (await source.read('.dockerignore'));
  const ignore = dockerignore({ ignorecase: false }).add(rules?.toString() ?? '');
  for await (const file of source.files(signal)) {
    if (file.path === 'Dockerfile') yield { path: file.path, content: Buffer.from(dockerfile), kind: 'file' };
    else if (!ignore.ignores(file.path)) yield { path: file.path, content: file.content, kind: file.kind };
  }
}
