/** One connection to a supervisor's control socket: calls and their answers. Starts no process. */
import { connect, type Socket } from 'node:net';
import { ERRORS, type ErrorCode, TealError } from '@teal/core';
import { type CallName, type Calls, lineReader, type Reply } from './protocol.ts';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  part?: (part: Extract<Reply, { part: unknown }>['part']) => void;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** No answer within it: rejects with {@link NoAnswer}. Null: for calls that last until they are aborted. Default {@link ANSWER_MS}. */
  timeoutMs?: number | null;
  part?: Pending['part'];
}

/** The supervisor is gone: what was asked may or may not have been done. */
export class LinkLost extends Error {}

/** The supervisor did not answer in time: what was asked may still be done. */
export class NoAnswer extends TealError {
  constructor(call: string, timeoutMs: number) {
    super('router_unavailable', {
      detail: `the supervisor of HAProxy gave no answer to "${call}" within ${timeoutMs / 1_000} s`,
    });
  }
}

/** Longer than the supervisor itself waits for HAProxy. */
export const ANSWER_MS = 15_000;

export class Link {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on(
      'data',
      lineReader((line) => this.#take(JSON.parse(line) as Reply)),
    );
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        const pending = [...this.#pending.values()];
        this.#pending.clear();
        for (const { reject } of pending) reject(new LinkLost('the supervisor of HAProxy is gone'));
        resolve();
      });
    });
  }

  /** Rejects when nobody listens there. */
  static open(path: string): Promise<Link> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new Link(socket));
      });
    });
  }

  /** Rejects with {@link LinkLost}, or with what the supervisor says. When `signal` aborts, the answer is what it then is. */
  call<C extends CallName>(
    call: C,
    args: Calls[C]['args'],
    { signal, part, timeoutMs = ANSWER_MS }: CallOptions = {},
  ): Promise<Calls[C]['value']> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new LinkLost('the supervisor of HAProxy is gone'));
        return;
      }
      this.#calls += 1;
      const id = this.#calls;
      const abort = () => this.#send({ abort: id });
      const deadline = timeoutMs === null ? undefined : setTimeout(() => this.#late(id, call, timeoutMs), timeoutMs);
      const settle = () => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', abort);
      };
      const pending: Pending = {
        resolve: (value) => {
          settle();
          resolve(value as Calls[C]['value']);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (part !== undefined) pending.part = part;
      this.#pending.set(id, pending);
      this.#send({ id, call, args });
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #late(id: number, call: string, timeoutMs: number): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#send({ abort: id });
    pending?.reject(new NoAnswer(call, timeoutMs));
  }

  #send(message: object): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #take(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    if ('part' in reply) {
      pending.part?.(reply.part);
      return;
    }
    this.#pending.delete(reply.id);
    if ('value' in reply) pending.resolve(reply.value);
    else pending.reject(errorOf(reply.error));
  }
}

/** What the supervisor threw, as it was there. */
export function errorOf({ code, facts, message }: Extract<Reply, { error: unknown }>['error']): Error {
  if (code !== null && code in ERRORS) return new TealError(code as ErrorCode, facts);
  return new Error(message);
}
