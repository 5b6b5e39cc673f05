/** Streams of server-sent events end with their client, and none outlives it. */
import { once } from 'node:events';
import { type ClientRequest, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/conformance/until.ts';
import { createEventStreams, type EventStreams, type ServerSentEvent } from '../src/http/eventStream.ts';

describe('a stream of events', () => {
  let app: FastifyInstance;
  let streams: EventStreams;
  let running = 0;
  let begun = 0;
  /** Held up: as long as authentication may take. */
  let hold: Promise<unknown> = Promise.resolve();

  async function* ticks(signal: AbortSignal): AsyncIterable<ServerSentEvent> {
    running += 1;
    begun += 1;
    try {
      yield { event: 'tick', id: '1', data: { text: 'a\nb' } };
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    } finally {
      running -= 1;
    }
  }

  beforeEach(async () => {
    running = 0;
    begun = 0;
    hold = Promise.resolve();
    streams = createEventStreams();
    app = fastify({ forceCloseConnections: true });
    app.addHook('onRequest', async () => {
      await hold;
    });
    app.get('/events', (request, reply) => streams.send(request, reply, ticks));
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    streams.close();
    await app.close();
  });

  function ask(): ClientRequest {
    const request = get({ host: '127.0.0.1', port: (app.server.address() as AddressInfo).port, path: '/events' });
    request.on('error', () => {});
    return request;
  }

  it('sends an event as soon as there is one, its data on one line', async () => {
    const [response] = await once(ask(), 'response');
    response.setEncoding('utf8');
    let text = '';
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    await until('the event', () => text.includes('event: tick\nid: 1\ndata: {"text":"a\\nb"}\n\n'));
    response.destroy();
  });

  it('ends when its client leaves', async () => {
    const request = ask();
    await once(request, 'response');
    await until('the stream runs', () => running === 1);
    request.destroy();
    await until('the stream has ended', () => running === 0);
  });

  it('ends when its client has left before it began', async () => {
    let release = () => {};
    hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const arrived = once(app.server, 'request');
    const request = ask();
    const [, response] = await arrived;
    request.destroy();
    await once(response, 'close');
    release();
    await until('the stream began', () => begun === 1);
    await until('the stream has ended', () => running === 0, 2_000);
  });

  it('ends when the server closes', async () => {
    const [response] = await once(ask(), 'response');
    response.resume();
    streams.close();
    await once(response, 'end');
    expect(running).toBe(0);
  });
});
