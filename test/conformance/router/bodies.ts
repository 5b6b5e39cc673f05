/** Bodies of every kind cross the router whole, in both directions. */
import { createHash, randomBytes } from 'node:crypto';
import { request as openRequest } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { HOST, houses, type MakeRouter, until, within } from './fixture.ts';
import { sendRaw, statuses } from './raw.ts';

const MIB = 1024 * 1024;
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

export function bodyCases(make: MakeRouter): void {
  const open = houses(make);

  it('carries a large upload whole, with a length and in chunks', async () => {
    const house = await open();
    await house.live('one');
    const body = randomBytes(24 * MIB);
    const whole = await house.ask({ method: 'PUT', body, headers: { 'content-length': String(body.length) } });
    expect(whole.status).toBe(200);
    const posted = await house.ask({ method: 'POST', body });
    expect(posted.headers['x-body-sha256']).toBe(sha256(body));
    const chunked = await house.ask({ method: 'POST', body, headers: { 'transfer-encoding': 'chunked' } });
    expect(chunked.headers['x-body-sha256']).toBe(sha256(body));
  });

  it('carries a large download whole, with a length and in chunks, also to a slow reader', async () => {
    const house = await open();
    const body = randomBytes(24 * MIB);
    await house.live('one', {
      handle: (request, response) => {
        if (request.url === '/length') response.setHeader('content-length', body.length);
        response.write(body.subarray(0, MIB));
        response.end(body.subarray(MIB));
        return true;
      },
    });
    for (const path of ['/length', '/chunks']) {
      const answer = await house.ask({ path });
      expect(sha256(Buffer.from(answer.body, 'latin1'))).toBe(sha256(body));
    }
    const socket = connect(house.address);
    socket.write(`GET /length HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    const hash = createHash('sha256');
    let head = '';
    for await (const chunk of socket) {
      const end = head.endsWith('\r\n\r\n') ? 0 : (chunk as Buffer).indexOf('\r\n\r\n') + 4;
      if (end > 0) head = (chunk as Buffer).subarray(0, end).toString('latin1');
      hash.update((chunk as Buffer).subarray(end));
      await new Promise(setImmediate);
    }
    expect(hash.digest('hex')).toBe(sha256(body));
  });

  it('holds back an app that writes faster than the client reads', async () => {
    const house = await open();
    let written = 0;
    await house.live('one', {
      handle: (request, response) => {
        if (request.url !== '/endless') return false;
        const chunk = Buffer.alloc(MIB / 4);
        const pour = () => {
          while (written < 400 * MIB && !response.destroyed) {
            written += chunk.length;
            if (!response.write(chunk)) return;
          }
        };
        response.on('drain', pour);
        pour();
        return true;
      },
    });
    const socket = connect(house.address);
    socket.pause();
    socket.write(`GET /endless HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    let before = -1;
    await until('the app is held back', async () => {
      const still = written > 0 && written === before;
      before = written;
      // While others are served, the router had every chance to read on.
      for (let i = 0; i < 30; i += 1) await house.ask();
      return still;
    });
    expect(written).toBeLessThan(64 * MIB);
    socket.destroy();
  });

  it('sends bytes on as they come, in both directions', async () => {
    const house = await open();
    await house.live('one', {
      handle: (request, response) => {
        response.writeHead(200);
        request.pipe(response);
        return true;
      },
    });
    const outgoing = openRequest({ ...house.address, method: 'POST', headers: { host: HOST }, agent: false });
    outgoing.write('first');
    const incoming = await within(
      5_000,
      new Promise<NodeJS.ReadableStream>((resolve) => outgoing.once('response', resolve)),
    );
    const next = () =>
      within(5_000, new Promise<string>((resolve) => incoming.once('data', (chunk) => resolve(String(chunk)))));
    expect(await next()).toBe('first');
    outgoing.write('second');
    expect(await next()).toBe('second');
    const ended = new Promise((resolve) => incoming.once('end', resolve));
    outgoing.end();
    incoming.resume();
    await within(5_000, ended);
  });

  it('passes the headers of an event stream before its first event', async () => {
    const house = await open();
    await house.live('one', {
      handle: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        return true;
      },
    });
    const socket = connect(house.address);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the headers arrive', () => /text\/event-stream[\s\S]*\r\n\r\n/.test(text));
    socket.destroy();
  });

  it('carries answers without a body, and what follows on the same connection', async () => {
    const house = await open();
    await house.live('one', {
      handle: (request, response) => {
        const status = Number(request.url?.slice(1));
        if (request.method === 'HEAD') response.writeHead(200, { 'content-length': 1234, 'x-version': 'one' }).end();
        else if (status > 0) response.writeHead(status, { etag: '"x"' }).end();
        else return false;
        return true;
      },
    });
    const agent = house.agent({ maxSockets: 1 });
    const head = await house.ask({ method: 'HEAD', agent });
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '1234' } });
    expect(await house.ask({ path: '/204', agent })).toMatchObject({ status: 204, body: '' });
    expect(await house.ask({ path: '/304', agent })).toMatchObject({ status: 304, body: '', headers: { etag: '"x"' } });
    expect(await house.ask({ path: '/', agent })).toMatchObject({ status: 200, body: 'version one\n' });
    expect(await house.ask({ method: 'POST', agent })).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await house.ask({ method: 'DELETE', body: 'x', agent })).toMatchObject({ status: 200 });
  });

  it('passes the trailers of a chunked answer', async () => {
    const house = await open();
    await house.live('one', {
      handle: (_request, response) => {
        response.writeHead(200, { trailer: 'x-checksum' });
        response.write('body');
        response.addTrailers({ 'x-checksum': 'abc' });
        response.end();
        return true;
      },
    });
    const answer = await house.ask({ headers: { te: 'trailers', connection: 'te' } });
    expect(answer.trailers).toEqual({ 'x-checksum': 'abc' });
  });

  it('answers a client that waits for 100 Continue', async () => {
    const house = await open();
    await house.live('one');
    const outgoing = openRequest({
      ...house.address,
      method: 'POST',
      agent: false,
      headers: { host: HOST, expect: '100-continue', 'content-length': 4 },
    });
    outgoing.flushHeaders();
    await within(5_000, new Promise((resolve) => outgoing.once('continue', resolve)));
    const answered = new Promise<{ statusCode?: number; headers: object }>((resolve) =>
      outgoing.once('response', resolve),
    );
    outgoing.end('body');
    const answer = await within(5_000, answered);
    expect(answer.headers).toMatchObject({ 'x-body-sha256': sha256(Buffer.from('body')) });
  });

  it('passes a final answer to a client that waits for 100 Continue', async () => {
    const house = await open();
    const origin = await house.live('one');
    origin.server.on('checkContinue', (_request, response) => response.writeHead(413).end('too large'));
    const text = await sendRaw(
      house.address,
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n`,
      500,
    );
    expect(statuses(text)).toEqual([413]);
    expect(text).toContain('too large');
  });

  it('brings an early answer to a client that is still sending', async () => {
    const house = await open();
    await house.live('one', {
      handle: (request, response) => {
        if (request.method !== 'POST') return false;
        response.writeHead(413).end('too large');
        request.resume();
        return true;
      },
    });
    const agent = house.agent({ maxSockets: 1 });
    expect(await house.ask({ method: 'POST', body: randomBytes(8 * MIB), agent })).toMatchObject({ status: 413 });
    expect(await house.ask({ agent })).toMatchObject({ status: 200 });
    const refused = await house.ask({ method: 'POST', host: 'nobody.test', body: randomBytes(8 * MIB), agent });
    expect(refused.status).toBe(404);
  });

  it('drops informational answers safely, or passes them', async () => {
    const house = await open();
    await house.live('one', {
      handle: (_request, response) => {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' });
        response.writeProcessing();
        return false;
      },
    });
    expect(await house.ask()).toMatchObject({ status: 200, body: 'version one\n' });
  });

  it('serves HTTP/1.0 clients', async () => {
    const house = await open();
    await house.live('one');
    const text = await sendRaw(house.address, `GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`);
    expect(statuses(text)).toEqual([200]);
    expect(text).toMatch(/\r\n\r\nversion one\n$/);
  });
}
