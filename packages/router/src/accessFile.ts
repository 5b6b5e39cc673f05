/** A text file that grows to a bound, then becomes the one old file beside it; read from its end. Knows no entries. */
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** A state of the files that later writes do not change. */
export interface Snapshot {
  /** Whole lines without their ends, the newest first. */
  linesBackwards(): AsyncGenerator<string>;
  close(): Promise<void>;
}

interface Part {
  file: FileHandle;
  sizeBytes: number;
}

export class AccessFile {
  readonly #dir: string;
  readonly #maxBytes: number;
  #file: FileHandle | null = null;
  #sizeBytes = 0;

  /** Each of the two files holds `maxBytes`, and at most {@link CHUNK_BYTES} and a line more. */
  constructor(dir: string, maxBytes: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
  }

  get #path(): string {
    return join(this.#dir, 'access.log');
  }

  get #oldPath(): string {
    return join(this.#dir, 'access.log.1');
  }

  /** Lines with their ends. Calls must not overlap. */
  async write(lines: readonly string[]): Promise<void> {
    try {
      let piece: Buffer[] = [];
      let pieceBytes = 0;
      for (const [index, line] of lines.entries()) {
        const bytes = Buffer.from(line);
        piece.push(bytes);
        pieceBytes += bytes.length;
        const full = this.#sizeBytes + pieceBytes >= this.#maxBytes || pieceBytes >= CHUNK_BYTES;
        if (!full && index < lines.length - 1) continue;
        await this.#append(Buffer.concat(piece, pieceBytes));
        piece = [];
        pieceBytes = 0;
      }
    } catch (error) {
      // Opened anew, half a line gets its end.
      await this.close().catch(() => {});
      throw error;
    }
  }

  async #append(bytes: Buffer): Promise<void> {
    let file = this.#file ?? (await this.#open());
    if (this.#sizeBytes >= this.#maxBytes) file = await this.#rotate(file);
    this.#sizeBytes += bytes.length;
    await file.appendFile(bytes);
  }

  /** Must not overlap with a write; reading it may. */
  async snapshot(): Promise<Snapshot> {
    const parts: Part[] = [];
    for (const path of [this.#path, this.#oldPath]) {
      const file = await openExisting(path);
      if (file !== null) parts.push({ file, sizeBytes: (await file.stat()).size });
    }
    return {
      linesBackwards: async function* () {
        for (const part of parts) yield* partBackwards(part);
      },
      close: async () => {
        await Promise.all(parts.map(({ file }) => file.close()));
      },
    };
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const file = await open(this.#path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      // A crash may have left half a line: what follows must not become part of it.
      if (bytesRead === 1 && buffer[0] !== NEWLINE) await file.appendFile('\n');
      this.#sizeBytes = size;
    } catch (error) {
      // On a full disk it is tried again at every line.
      await file.close();
      throw error;
    }
    this.#file = file;
    return file;
  }

  async #rotate(file: FileHandle): Promise<FileHandle> {
    await rename(this.#path, this.#oldPath);
    this.#file = null;
    await file.close();
    return this.#open();
  }
}

async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** In chunks, each an answer of the file system, so that a long file holds up nobody. */
async function* partBackwards({ file, sizeBytes }: Part): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for (let end = sizeBytes; end > 0; ) {
    const begin = Math.max(0, end - CHUNK_BYTES);
    const chunk = Buffer.alloc(end - begin);
    await file.read(chunk, 0, chunk.length, begin);
    end = begin;
    let lineEnd = chunk.length;
    for (let at = chunk.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : chunk.lastIndexOf(NEWLINE, at - 1)) {
      const line = Buffer.concat([chunk.subarray(at + 1, lineEnd), ...rest]).toString();
      rest = [];
      lineEnd = at;
      if (line !== '') yield line;
    }
    rest.unshift(chunk.subarray(0, lineEnd));
  }
  const first = Buffer.concat(rest).toString();
  if (first !== '') yield first;
}
