/** One lasting connection to HAProxy's admin socket: commands go out at once, answers come in order. Knows no commands. */
import { connect, type Socket } from 'node:net';

const PROMPT = '\n> ';
/** A HAProxy that says nothing for longer, with a command before it, hangs. */
const ANSWER_MS = 10_000;

interface Waiting {
  resolve(answer: string): void;
  reject(error: Error): void;
  sentAt: number;
}

export class Admin {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #text = '';
  #heardAt = 0;
  #timer: NodeJS.Timeout | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', () => {});
    socket.once('close', () => this.#ended());
  }

  /** Rejects when nothing accepts at `path`. */
  static open(path: string): Promise<Admin> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        const admin = new Admin(socket);
        admin.send('prompt').then(() => resolve(admin), reject);
      });
    });
  }

  /** The answer without its prompt, trimmed. Rejects when the connection ends or the answer does not come. */
  send(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed || !this.#socket.writable) {
        reject(new Error('HAProxy is gone'));
        return;
      }
      this.#waiting.push({ resolve, reject, sentAt: performance.now() });
      this.#socket.write(`${command}\n`);
      this.#timer ??= setTimeout(() => this.#look(), ANSWER_MS);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#text += chunk;
    this.#heardAt = performance.now();
    for (let end = this.#text.indexOf(PROMPT); end >= 0; end = this.#text.indexOf(PROMPT)) {
      // It shows a prompt of its own for every line of a payload.
      const answer = this.#text
        .slice(0, end)
        .replace(/^(\+ )+/, '')
        .trim();
      this.#text = this.#text.slice(end + PROMPT.length);
      this.#waiting.shift()?.resolve(answer);
    }
  }

  #look(): void {
    this.#timer = null;
    const oldest = this.#waiting[0];
    if (oldest === undefined) return;
    // Thousands of commands at once take their time, each after the one before.
    const leftMs = ANSWER_MS - (performance.now() - Math.max(oldest.sentAt, this.#heardAt));
    if (leftMs <= 0) this.#socket.destroy();
    else this.#timer = setTimeout(() => this.#look(), leftMs);
  }

  #ended(): void {
    clearTimeout(this.#timer ?? undefined);
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('HAProxy is gone'));
  }
}
