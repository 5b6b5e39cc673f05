/**
 * Stands in for the HTTP response towards node-git-server: passes on what git says while the client is there, drops it
 * afterwards so that git never blocks on a client that has left, and lets Teal put sentences of its own in between.
 */
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { PacketPosition, progress } from './packet.ts';

export class Answer extends Writable {
  statusCode = 200;
  readonly #response: ServerResponse;
  readonly #headers = new Map<string, string>();
  readonly #position = new PacketPosition();
  #sentences: string[] = [];
  #abandoned = false;

  constructor(response: ServerResponse) {
    super({ highWaterMark: 64 * 1024 });
    this.#response = response;
  }

  get begun(): boolean {
    return this.#response.headersSent;
  }

  setHeader(name: string, value: string): this {
    // The library closes every connection; a push is three requests, which may well share one.
    if (name.toLowerCase() !== 'connection') this.#headers.set(name, value);
    return this;
  }

  writeHead(statusCode: number): this {
    this.statusCode = statusCode;
    return this;
  }

  /** Shows `lines` to a client that understands side-bands, at the next place where that is possible. */
  say(lines: readonly string[]): void {
    this.#sentences.push(...lines);
    if (this.#position.between && !this.#lost && !this.writableEnded) {
      this.#begin();
      this.#response.write(this.#spoken());
    }
  }

  /** From now on what git says is dropped: somebody else answers. */
  abandon(): void {
    this.#abandoned = true;
  }

  get #lost(): boolean {
    return this.#abandoned || this.#response.destroyed || this.#response.writableEnded;
  }

  #begin(): void {
    if (!this.begun) this.#response.writeHead(this.statusCode, Object.fromEntries(this.#headers));
  }

  #spoken(): Buffer {
    const lines = this.#sentences;
    this.#sentences = [];
    return progress(lines);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#lost || this.#pass(chunk)) {
      done();
      return;
    }
    const go = () => {
      this.#response.off('drain', go).off('close', go);
      done();
    };
    this.#response.once('drain', go).once('close', go);
  }

  /** False when the client is slower than git. */
  #pass(chunk: Buffer): boolean {
    this.#begin();
    const prefix = this.#sentences.length > 0 && this.#position.between ? this.#spoken() : null;
    this.#position.follow(chunk);
    return this.#response.write(prefix === null ? chunk : Buffer.concat([prefix, chunk]));
  }

  override _final(done: () => void): void {
    if (this.#lost) {
      done();
      return;
    }
    this.#begin();
    this.#response.once('close', () => done()).end();
  }
}
