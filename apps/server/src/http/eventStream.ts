/** Server-sent events: writing them, keeping the connection alive, and ending all of them at shutdown. */
import type { FastifyReply, FastifyRequest } from 'fastify';

const KEEP_ALIVE_MS = 15_000;
const RETRY_MS = 1_000;

export interface ServerSentEvent {
  event: string;
  id?: string;
  data: unknown;
}

export interface EventStreams {
  /** Sends what `source` yields until it ends, the client leaves, or the server closes. */
  send(
    request: FastifyRequest,
    reply: FastifyReply,
    source: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>,
  ): Promise<void>;
  close(): void;
}

export function createEventStreams(): EventStreams {
  const closing = new AbortController();
  return {
    async send(request, reply, source) {
      const gone = new AbortController();
      const response = reply.raw;
      response.on('close', () => gone.abort());
      // The client may have left while its request was looked at: that event is over and does not come again.
      if (response.destroyed) gone.abort();
      reply.hijack();
      response.writeHead(200, {
        ...reply.getHeaders(),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      } as Record<string, string>);
      response.write(`retry: ${RETRY_MS}\n\n`);
      const keepAlive = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS);
      const signal = AbortSignal.any([gone.signal, closing.signal]);
      try {
        for await (const event of source(signal)) {
          if (signal.aborted) break;
          if (!response.write(format(event))) await drained(response, signal);
        }
      } catch (error) {
        request.log.warn({ err: error }, 'an event stream ended early');
      } finally {
        clearInterval(keepAlive);
        response.end();
      }
    },
    close: () => closing.abort(),
  };
}

function format({ event, id, data }: ServerSentEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

function drained(response: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
  });
}
