/** One HAProxy process, from its files to its end. Knows its admin socket, and nothing of apps. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { markOf, type ProcessMark } from '../processMark.ts';
import { Admin } from './admin.ts';

export interface GenerationOptions {
  binary: string;
  /** Its own folder; removed at its end. */
  dir: string;
  files: Readonly<Record<string, string>>;
  adminSocket: string;
  /** Listening sockets, from descriptor 3 on. */
  fds: readonly number[];
  /** Called with what HAProxy writes to its log. */
  logged(chunk: Buffer): void;
}

/** Thousands of pools on a busy machine take their time, and one that is given up only begins again. */
const READY_MS = 60_000;
const KEPT_MESSAGES = 4_096;
/** The log is read in rests of this length: each line that somebody waits for costs HAProxy a wake-up. */
const LOG_REST_MS = 2;

export class Generation {
  readonly number: number;
  /** Pool pairs that it has. */
  readonly size: number;
  readonly mark: ProcessMark;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Told to end when its last connection does. */
  stopping = false;
  readonly #child: ChildProcess;
  readonly #admin: Admin;
  #answers = true;

  private constructor(
    { number, size }: { number: number; size: number },
    { child, ended, admin }: { child: ChildProcess; ended: Promise<void>; admin: Admin },
  ) {
    this.number = number;
    this.size = size;
    this.#child = child;
    this.#admin = admin;
    this.ended = ended;
    this.mark = markOf(child.pid ?? 0) ?? { pid: child.pid ?? 0, startTicks: '' };
    ended.then(() => {
      this.#answers = false;
      admin.close();
    });
  }

  /** Serving when it resolves; rejects with what HAProxy said. */
  static async start(about: { number: number; size: number }, options: GenerationOptions): Promise<Generation> {
    await writeFiles(options);
    await rm(options.adminSocket, { force: true });
    // `-dMglobal`: buffers beyond a thread's few stay with the process; the allocator would cost every request more.
    const child = spawn(options.binary, ['-dMglobal', '-db', '-f', 'haproxy.cfg'], {
      cwd: options.dir,
      stdio: ['ignore', 'pipe', 'pipe', ...options.fds],
      env: {},
    });
    let messages = '';
    if (child.stdout !== null) readInRests(child.stdout, options.logged);
    child.stderr?.on('data', (chunk) => {
      messages = `${messages}${chunk}`.slice(-KEPT_MESSAGES);
    });
    let over = false;
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    }).then(async () => {
      over = true;
      await Promise.all([rm(options.dir, { recursive: true, force: true }), rm(options.adminSocket, { force: true })]);
    });
    const deadline = performance.now() + READY_MS;
    while (!over && performance.now() < deadline) {
      const admin = await Admin.open(options.adminSocket).catch(() => null);
      if (admin !== null) return new Generation(about, { child, ended, admin });
      await delay(2);
    }
    child.kill('SIGKILL');
    await ended;
    throw new Error(`HAProxy did not start: ${messages.trim()}`);
  }

  /** False once its admin socket is gone. */
  get isAnswering(): boolean {
    return this.#answers;
  }

  /** The answer to one command. Rejects when the process is gone or hangs; one that hangs is killed. */
  async ask(command: string): Promise<string> {
    try {
      return await this.#admin.send(command);
    } catch (error) {
      this.#answers = false;
      // Nobody could tell it anything any more: its successor can be told.
      if (!this.stopping) this.kill();
      throw error;
    }
  }

  /** It accepts nothing new and ends with its last connection. */
  stopSoftly(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.#child.kill('SIGUSR1');
  }

  /** A process that stops softly counts this connection too. */
  letGo(): void {
    this.#admin.close();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function readInRests(output: Readable, take: (chunk: Buffer) => void): void {
  output.on('data', (chunk: Buffer) => {
    take(chunk);
    output.pause();
    setTimeout(() => output.resume(), LOG_REST_MS);
  });
}

async function writeFiles({ dir, files }: GenerationOptions): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content, { mode: 0o600 });
}
