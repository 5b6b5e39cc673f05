/** Writes a source tree to disk as the apps' user, so that no link in it can lead Teal's own hand anywhere. */
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TealError } from '@teal/core';
import type { SourceFile, SourceTree } from '@teal/deployer';
import { type Pack, pack } from 'tar-stream';
import { runCommand } from './command.ts';
import { type RunAs, SYSTEM_PATH } from './options.ts';

export interface Extraction {
  source: SourceTree;
  /** An existing folder of the apps' user; files already in it are replaced. */
  folder: string;
  /** Whether an entry is written. */
  includes: (path: string) => boolean;
  runAs: RunAs;
  marker: string;
  signal: AbortSignal;
}

function checkPath(path: string): void {
  const parts = path.split('/');
  if (path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new TealError('source_unsafe', { detail: `it holds the path ${JSON.stringify(path)}` });
  }
}

function addEntry(archive: Pack, file: SourceFile): Promise<void> {
  const base = { name: file.path, mtime: new Date() };
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (file.kind === 'symlink') {
      archive.entry({ ...base, type: 'symlink', linkname: file.content.toString('utf8'), size: 0 }, done);
    } else {
      const mode = file.kind === 'executable' ? 0o755 : 0o644;
      archive.entry({ ...base, type: 'file', mode, size: file.content.length }, file.content, done);
    }
  });
}

async function feedArchive(extraction: Extraction, input: Writable): Promise<void> {
  const archive = pack();
  const flowing = pipeline(archive, input);
  const filling = (async () => {
    for await (const file of extraction.source.files(extraction.signal)) {
      if (!extraction.includes(file.path)) continue;
      checkPath(file.path);
      await addEntry(archive, file);
    }
    archive.finalize();
  })().catch((error: Error) => {
    archive.destroy(error);
    throw error;
  });
  await Promise.all([filling, flowing]);
}

/** Writes the entries below `folder`. Throws `source_unsafe`, or `source_too_large` where the disk is full. */
export async function extractSource(extraction: Extraction): Promise<void> {
  const lines: string[] = [];
  const end = await runCommand({
    argv: ['tar', '--extract', '--no-same-owner', '--file=-', `--directory=${extraction.folder}`],
    cwd: '/',
    environment: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
    runAs: extraction.runAs,
    marker: extraction.marker,
    line: (text) => lines.push(text),
    signal: extraction.signal,
    feed: (input) => feedArchive(extraction, input),
  });
  if (end.exitCode !== 0) {
    throw new TealError('source_unsafe', { detail: `its files cannot be written: ${lines.slice(-3).join('; ')}` });
  }
}
