/** One `git cat-file --batch` process of one repository: hands out objects by name, in order. Writes nothing. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { TealError } from '@teal/core';
import { ByteReader } from './bytes.ts';
import { spoken } from './spoken.ts';

export interface GitOptions {
  environment: Record<string, string>;
  /** For each piece of an answer. */
  silenceMs: number;
}

export interface GitObject {
  id: string;
  type: string;
  content: Buffer;
}

/** How many requests are in the pipe ahead of the answer that is read. */
const AHEAD = 128;

export class ObjectProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: ByteReader;
  readonly exited: Promise<void>;
  #usable = true;

  constructor(repository: string, { environment, silenceMs }: GitOptions) {
    this.#child = spawn('git', [`--git-dir=${repository}`, 'cat-file', '--batch'], {
      cwd: '/',
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#answers = new ByteReader(spoken(this.#child, silenceMs));
    this.exited = new Promise((resolve) => {
      const gone = () => {
        this.#usable = false;
        resolve();
      };
      this.#child.once('error', gone).once('exit', gone);
    });
    // A write after the child's end; the missing answer tells the same.
    this.#child.stdin.on('error', () => {});
  }

  /** False once it has ended or an answer was left unread: never reuse it then. */
  get usable(): boolean {
    return this.#usable;
  }

  kill(): void {
    this.#usable = false;
    this.#child.kill('SIGKILL');
  }

  /** The object of `name` (an id or a revision without spaces and newlines), or null when there is none. Throws when it is larger than `maxBytes`. */
  async get(name: string, maxBytes: number): Promise<GitObject | null> {
    this.#usable = false;
    this.#child.stdin.write(`${name}\n`);
    const object = await this.#answer(maxBytes);
    this.#usable = true;
    return object;
  }

  /** The objects of `ids`, in their order; the next requests are sent ahead. Throws at one larger than `maxBytes`. */
  async *each(ids: readonly string[], maxBytes: number): AsyncGenerator<GitObject | null> {
    this.#usable = false;
    let sent = 0;
    for (let index = 0; index < ids.length; index += 1) {
      if (sent - index < AHEAD / 2 && sent < ids.length) {
        const batch = ids.slice(sent, index + AHEAD);
        sent += batch.length;
        this.#child.stdin.write(`${batch.join('\n')}\n`);
      }
      yield await this.#answer(maxBytes);
    }
    this.#usable = true;
  }

  async #answer(maxBytes: number): Promise<GitObject | null> {
    const header = await this.#answers.until(0x0a, 10_000);
    if (header === null) throw new Error('git cat-file ended without an answer');
    const match = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/.exec(header.toString('latin1'));
    if (match === null) return null;
    const sizeBytes = Number(match[3]);
    if (sizeBytes > maxBytes) {
      throw new TealError('source_too_large', {
        detail: `a ${match[2]} has ${sizeBytes} bytes, more than ${maxBytes}`,
      });
    }
    const content = await this.#answers.exactly(sizeBytes);
    const end = await this.#answers.exactly(1);
    if (content === null || end === null) throw new Error('git cat-file ended within an object');
    return { id: match[1] as string, type: match[2] as string, content };
  }
}
