/** The output files of instances: written by the instances themselves, capped and read here. */
import { constants, watch } from 'node:fs';
import { copyFile, type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { RunAs } from './options.ts';

/** An output file longer than this is moved to its one predecessor; an instance keeps twice as much at most. */
const FILE_MAX_BYTES = 10 * 1024 * 1024;
const TAIL_MAX_BYTES = 1024 * 1024;
const READ_BYTES = 64 * 1024;

export function logFile(instanceFolder: string): string {
  return join(instanceFolder, 'output.log');
}

/** Opened for appending, so that the instance goes on at the right place after a cut. */
export async function openLog(instanceFolder: string, runAs: RunAs): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const file = await open(logFile(instanceFolder), O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  // Programs that open /dev/stdout anew need the right to.
  if (runAs !== null) await file.chown(runAs.uid, runAs.gid);
  return file;
}

/** Cuts an output file that has grown too long. What is written between copy and cut is lost. */
export async function capLog(instanceFolder: string): Promise<void> {
  const path = logFile(instanceFolder);
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= FILE_MAX_BYTES) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

async function readEnd(path: string): Promise<{ text: string; size: number } | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_MAX_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return { text: start === 0 ? text : text.slice(text.indexOf('\n') + 1), size: start + bytesRead };
  } finally {
    await file.close();
  }
}

interface Tail {
  lines: string[];
  /** The last line, when its end is not written yet. */
  rest: string;
  /** Where the following bytes begin. */
  offset: number;
}

async function readTail(path: string, tailLines: number): Promise<Tail> {
  const now = await readEnd(path);
  const parts = (now?.text ?? '').split('\n');
  const rest = parts.pop() ?? '';
  if (parts.length < tailLines) {
    const before = ((await readEnd(`${path}.1`))?.text ?? '').split('\n').slice(0, -1);
    parts.unshift(...before);
  }
  return { lines: tailLines > 0 ? parts.slice(-tailLines) : [], rest, offset: now?.size ?? 0 };
}

/** Tells of changes of a file; `next` resolves at once when there was one since the last call, false at the end. */
function changes(path: string, signal: AbortSignal | undefined) {
  let pending = false;
  let over = false;
  let wake = () => {};
  const note = () => {
    pending = true;
    wake();
  };
  const end = () => {
    over = true;
    wake();
  };
  const watcher = watch(path, (kind) => (kind === 'rename' ? end() : note()));
  watcher.on('error', end);
  signal?.addEventListener('abort', end);
  return {
    async next(): Promise<boolean> {
      if (!pending && !over && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      pending = false;
      return !over && !signal?.aborted;
    },
    close() {
      watcher.close();
      signal?.removeEventListener('abort', end);
    },
  };
}

/** Reads what was written after `offset`; from the start when the file was cut. */
async function* readOn(path: string, offset: number): AsyncGenerator<{ chunk: Buffer; offset: number }> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return;
  try {
    let at = (await file.stat()).size < offset ? 0 : offset;
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield { chunk: buffer.subarray(0, bytesRead), offset: at };
    }
  } finally {
    await file.close();
  }
}

/** The last lines, then the following ones until `signal` aborts or the instance is removed. */
export async function* readLog(
  instanceFolder: string,
  options: { tailLines: number; follow: boolean; signal?: AbortSignal },
): AsyncGenerator<string> {
  const path = logFile(instanceFolder);
  // The watch begins before the first look: nothing written in between is missed.
  const watched = options.follow ? changes(path, options.signal) : null;
  try {
    const tail = await readTail(path, options.tailLines);
    yield* tail.lines;
    if (watched === null) {
      if (tail.rest !== '' && options.tailLines > 0) yield tail.rest;
      return;
    }
    const decoder = new StringDecoder('utf8');
    let { rest, offset } = tail;
    do {
      for await (const piece of readOn(path, offset)) {
        offset = piece.offset;
        const parts = (rest + decoder.write(piece.chunk)).split('\n');
        rest = parts.pop() ?? '';
        yield* parts;
      }
    } while (await watched.next());
  } finally {
    watched?.close();
  }
}
