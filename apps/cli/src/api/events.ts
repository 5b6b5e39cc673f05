/** Server-sent events that outlive their connection: a lost one is taken up after the last event seen. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../output/exit.ts';
import { answerError } from './client.ts';
import { openExchange, readBody } from './http.ts';
import type { Server } from './server.ts';

/** How long a stream may be without a connection before the server counts as gone. */
const PATIENCE_MS = 60_000;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;
const EVENT_MAX_CHARACTERS = 4 * 1024 * 1024;

export interface ServerEvent {
  id: string | null;
  name: string;
  data: string;
}

export interface FollowOptions {
  signal: AbortSignal;
  /** The address; `resumed` after the first connection, so that a tail is not asked for again. */
  path: (resumed: boolean) => string;
  patienceMs?: number;
  /** Called each time a connection stands: from here on nothing is missed. */
  onOpen?: () => void;
}

/** Endless: the caller leaves the loop at the event that ends its story. Throws when the server refuses or stays away. */
export async function* followEvents(server: Server, options: FollowOptions): AsyncGenerator<ServerEvent> {
  const patienceMs = options.patienceMs ?? PATIENCE_MS;
  let lastId: string | null = null;
  let lostAtMs: number | null = null;
  let retryMs = RETRY_MIN_MS;
  for (;;) {
    const answer: IncomingMessage | null = await openStream(server, options, {
      lastId,
      resumed: lostAtMs !== null,
    }).catch((error: unknown) => {
      const isPatient = lostAtMs !== null && performance.now() - lostAtMs < patienceMs;
      if (options.signal.aborted || !isPassing(error) || !isPatient) throw error;
      return null;
    });
    if (answer !== null) {
      options.onOpen?.();
      try {
        for await (const event of readEvents(answer)) {
          lastId = event.id ?? lastId;
          retryMs = RETRY_MIN_MS;
          yield event;
        }
      } catch (error) {
        if (options.signal.aborted || !isPassing(error)) throw error;
      }
      lostAtMs = performance.now();
    }
    await pause(retryMs, undefined, { signal: options.signal });
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  }
}

/** Troubles that the next attempt may not have: the connection is lost, the server is away or starting. */
function isPassing(error: unknown): boolean {
  return !(error instanceof CommandError) || error.exit === 'unreachable';
}

async function openStream(
  server: Server,
  options: FollowOptions,
  from: { lastId: string | null; resumed: boolean },
): Promise<IncomingMessage> {
  const answer = await openExchange(server, {
    method: 'GET',
    path: options.path(from.resumed),
    signal: options.signal,
    silenceMs: 0,
    headers: { Accept: 'text/event-stream', ...(from.lastId === null ? {} : { 'Last-Event-ID': from.lastId }) },
  });
  const status = answer.statusCode ?? 0;
  const isStream = status === 200 && (answer.headers['content-type'] ?? '').startsWith('text/event-stream');
  if (!isStream) throw answerError(server, status, await readBody(server, answer));
  return answer;
}

/** The events of one connection. A half event at its end is dropped: it comes again after the resume. */
export async function* readEvents(stream: AsyncIterable<Buffer | string>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  let event = emptyEvent();
  for await (const chunk of stream) {
    pending += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (pending.length > EVENT_MAX_CHARACTERS)
      throw new CommandError('failed', 'answer_unreadable', 'The server sent an event that is too large.');
    // A lone CR at the end may be the first half of CR LF.
    const lines = pending.split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') takeField(event, line);
      else {
        if (event.data.length > 0) yield { id: event.id, name: event.name, data: event.data.join('\n') };
        event = emptyEvent();
      }
    }
  }
}

interface Draft {
  id: string | null;
  name: string;
  data: string[];
}

function emptyEvent(): Draft {
  return { id: null, name: 'message', data: [] };
}

function takeField(event: Draft, line: string): void {
  const colon = line.indexOf(':');
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (field === 'data') event.data.push(value);
  else if (field === 'event') event.name = value;
  else if (field === 'id' && /^[\x21-\x7e]*$/.test(value)) event.id = value;
}
