/** The API as calls that give values or throw a CommandError. Prints nothing. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Io } from '../io.ts';
import { CommandError, exitOfStatus } from '../output/exit.ts';
import { type Exchange, openExchange, readBody } from './http.ts';
import { resolveServer, type Server } from './server.ts';

const RUNNING_ATTEMPTS = 50;
const RUNNING_PAUSE_MS = 200;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export class Api {
  readonly server: Server;
  readonly signal: AbortSignal;

  constructor(server: Server, signal: AbortSignal) {
    this.server = server;
    this.signal = signal;
  }

  get<T>(path: string): Promise<T> {
    return this.#ask<T>('GET', path);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#ask<T>('POST', path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>('PATCH', path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#ask<T>('PUT', path, body);
  }

  delete<T = void>(path: string): Promise<T> {
    return this.#ask<T>('DELETE', path);
  }

  async #ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const changes = method !== 'GET';
    const exchange = {
      method,
      path,
      signal: this.signal,
      headers: { Accept: 'application/json', ...(changes ? { 'Idempotency-Key': randomUUID() } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const { status, text } = await this.#exchange(exchange);
    return this.#read<T>(status, text);
  }

  /**
   * A request whose answer was lost may have arrived all the same: the same key makes asking again safe, and while
   * the first one still runs the server says so.
   */
  async #exchange(exchange: Exchange): Promise<{ status: number; text: string }> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await openExchange(this.server, exchange);
        const text = await readBody(this.server, answer);
        const status = answer.statusCode ?? 0;
        const isRunning = attempt > 1 && status === 409 && text.includes('"idempotency_running"');
        if (!isRunning || attempt > RUNNING_ATTEMPTS) return { status, text };
        await pause(RUNNING_PAUSE_MS, undefined, { signal: this.signal });
      } catch (error) {
        if (attempt > 1 || exchange.method === 'DELETE' || !isLostConnection(error)) throw error;
      }
    }
  }

  #read<T>(status: number, text: string): T {
    if (status < 200 || status > 299) throw answerError(this.server, status, text);
    if (text === '') return undefined as T;
    const value = parseJson(text);
    if (value === undefined) throw notTeal(this.server, status);
    return value as T;
  }
}

export async function connect(io: Io): Promise<Api> {
  return new Api(await resolveServer(io), io.signal);
}

function isLostConnection(error: unknown): boolean {
  const cause = error instanceof CommandError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === 'ECONNRESET' || cause?.code === 'EPIPE';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notTeal(server: Server, status: number): CommandError {
  return new CommandError(
    'failed',
    'answer_unreadable',
    `${server.url.origin} answered ${status}, but not as Teal does. Is the URL right?`,
  );
}

/** The server's own sentence and code, where it sent them. */
export function answerError(server: Server, status: number, text: string): CommandError {
  const value = parseJson(text) as
    | { error?: { code?: unknown; message?: unknown; details?: unknown } }
    | null
    | undefined;
  const { code, message, details } = value?.error ?? {};
  if (typeof code !== 'string' || typeof message !== 'string') return notTeal(server, status);
  const hint = status === 401 ? ' "teal login" keeps a token for this command.' : '';
  const facts = typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {};
  return new CommandError(exitOfStatus(status), code, `${message}${hint}`, facts);
}
