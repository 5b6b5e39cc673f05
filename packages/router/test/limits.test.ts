import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { isTealError } from '@teal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { echo, openWebSocket } from '../../../test/conformance/router/client.ts';
import { HOST, House, until, within } from '../../../test/conformance/router/fixture.ts';
import { sendRaw, statuses } from '../../../test/conformance/router/raw.ts';
import { createEmbeddedRouter, type EmbeddedRouter, type Limits } from '../src/index.ts';

const houses: House[] = [];
/** Called with the instance that did not take a request. */
let troubles: (instanceId: string | undefined) => void = () => {};

afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
  troubles = () => {};
});

function make(limits: Partial<Limits> = {}, port = 0): EmbeddedRouter {
  const debug = (facts: { instanceId?: string }) => troubles(facts.instanceId);
  const log = { debug, warn: () => {} };
  return createEmbeddedRouter({ host: '127.0.0.1', port, proofSecret: 'secret', limits, log });
}

async function open(limits: Partial<Limits> = {}): Promise<House> {
  const router = make(limits);
  await router.listen();
  const house = new House({ router, proofSecret: 'secret' });
  houses.push(house);
  return house;
}

function send(house: House, bytes: string): { socket: Socket; text: () => string; closed: Promise<unknown> } {
  const socket = connect(house.address);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(bytes);
  return { socket, text: () => text, closed: new Promise((resolve) => socket.once('close', resolve)) };
}

const HOLD = { handle: (request: { url?: string }) => request.url === '/hold' };
const signal = new AbortController().signal;

describe('limits of the embedded router', () => {
  it('answers 408 to headers that trickle in', async () => {
    const house = await open({ headersTimeoutMs: 200 });
    await house.live('one');
    const slow = send(house, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: `);
    const timer = setInterval(() => slow.socket.write('a'), 20);
    await within(5_000, slow.closed).finally(() => clearInterval(timer));
    expect(statuses(slow.text())).toEqual([408]);
  });

  it('breaks off an upload on which nothing moves, and lets a slow one go on', async () => {
    const house = await open({ uploadIdleMs: 200, headersTimeoutMs: 100 });
    const origin = await house.live('one');
    const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\n`;
    await within(5_000, send(house, `${head}abc`).closed);
    expect(origin.bodies.size).toBe(0);
    const slow = send(house, head);
    for (let i = 0; i < 10; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      slow.socket.write('x');
    }
    await until('the answer arrives', () => statuses(slow.text()).length === 1);
    expect(statuses(slow.text())).toEqual([200]);
    slow.socket.destroy();
    await until('nothing is in flight', async () => (await house.inFlight('one')).requests === 0);
  });

  it('answers 504 for an app that never answers, and does not ask it again', async () => {
    const house = await open({ answerTimeoutMs: 200 });
    const origin = await house.live('one', HOLD);
    expect((await house.ask({ path: '/hold' })).status).toBe(504);
    expect((await house.ask({ path: '/hold', method: 'POST', body: 'x' })).status).toBe(504);
    expect(origin.requests).toBe(2);
    expect((await house.ask()).status).toBe(200);
  });

  it('lets a stream be silent for longer than an answer may take to begin', async () => {
    const house = await open({ answerTimeoutMs: 100, uploadIdleMs: 100 });
    await house.live('one', {
      handle: (request, response) => {
        request.resume();
        response.write('begin');
        setTimeout(() => response.end(' end'), 500);
        return true;
      },
    });
    expect((await house.ask()).body).toBe('begin end');
    expect((await house.ask({ method: 'POST', body: 'x' })).body).toBe('begin end');
  });

  it('reads an upload that nobody wants for a while only', async () => {
    const house = await open({ lingerMs: 200 });
    await house.live('one');
    const post = `POST / HTTP/1.1\r\nHost: nobody.test\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const endless = send(house, post);
    const timer = setInterval(() => endless.socket.write('1\r\na\r\n'), 20);
    await within(5_000, endless.closed).finally(() => clearInterval(timer));
    expect(statuses(endless.text())).toEqual([404]);
  });

  it('closes connections that pipeline without end', async () => {
    const house = await open();
    await house.live('one', { handle: () => true });
    const flood = send(house, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`.repeat(2_000));
    await within(5_000, flood.closed);
    await until('nothing is in flight', async () => (await house.inFlight('one')).requests === 0);
  });
});

describe('connections of the embedded router', () => {
  it('are kept for the next safe request, and closed when the member is left out', async () => {
    const house = await open();
    const origin = await house.live('one');
    for (let i = 0; i < 5; i += 1) await house.ask();
    expect(origin.sockets.size).toBe(1);
    await house.pool('green', origin);
    await house.pool('blue');
    expect((await house.ask()).status).toBe(503);
    expect(origin.sockets.size).toBe(1);
    await house.pool('green');
    const beganAt = performance.now();
    await until('they are closed', () => origin.sockets.size === 0);
    expect(performance.now() - beganAt).toBeLessThan(1_000);
  });

  it('of a busy member are closed after its last answer', async () => {
    const house = await open();
    const origin = await house.live('one', { slowMs: 300 });
    const slow = house.ask({ path: '/slow' });
    await until('the stream runs', () => origin.requests === 1);
    await house.router.removeApp('app_one');
    expect((await slow).body).toBe('version one\n\n'.repeat(15));
    const beganAt = performance.now();
    await until('it is closed', () => origin.sockets.size === 0);
    expect(performance.now() - beganAt).toBeLessThan(1_000);
  });
});

describe('drains of the embedded router', () => {
  it('closes a WebSocket at its deadline with 1001 at both ends of a large frame', async () => {
    const house = await open();
    await house.live('one');
    const webSocket = await openWebSocket(house);
    const echoed = once(webSocket, 'message');
    webSocket.send(Buffer.alloc(1_000_000));
    await within(5_000, echoed);
    const closed = once(webSocket, 'close');
    const drained = house.router.drained(['instance_one'], { deadlineMs: 50, webSocketDeadlineMs: 50, signal });
    expect(await within(3_000, drained)).toBe(false);
    expect((await within(3_000, closed))[0]).toBe(1001);
  });

  it('does not cut WebSockets early because a request beside them is slow', async () => {
    const house = await open();
    const origin = await house.live('one', HOLD);
    const webSocket = await openWebSocket(house);
    const hold = send(house, `GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => origin.requests === 1);
    let over = false;
    const drained = house.router
      .drained(['instance_one'], { deadlineMs: 50, webSocketDeadlineMs: 20_000, signal })
      .finally(() => {
        over = true;
      });
    const beganAt = performance.now();
    do expect(await echo(webSocket, 'still')).toBe('still');
    while (performance.now() - beganAt < 100);
    expect(over).toBe(false);
    webSocket.close();
    expect(await within(3_000, drained)).toBe(false);
    hold.socket.destroy();
  });
});

describe('the waiting line of the embedded router', () => {
  it('goes to the new version after a flip, and is cut by a stop', async () => {
    const house = await open({ maxRequestsPerMember: 1 });
    const origin = await house.live('one', HOLD);
    await house.pool('green', await house.origin('two'));
    const hold = send(house, `GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => origin.requests === 1);
    const waiting = Array.from({ length: 5 }, () => send(house, `POST / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`));
    await house.ask({ host: 'nobody.test' });
    await house.flip('green');
    await until('all are answered', () => waiting.every(({ text }) => statuses(text())[0] === 200));
    for (const { text, socket } of waiting) {
      expect(text()).toContain('x-version: two');
      socket.destroy();
    }
    await house.flip('blue');
    const last = send(house, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await house.ask({ host: 'nobody.test' });
    await house.router.setRoute('app_one', { mode: 'stopped' });
    await until('it is answered', () => statuses(last.text())[0] === 503);
    for (const { socket } of [last, hold]) socket.destroy();
    expect(origin.requests).toBe(1);
  });

  it('is served in its order', async () => {
    const house = await open({ maxRequestsPerMember: 1 });
    const seen: string[] = [];
    const held: (() => void)[] = [];
    await house.live('one', {
      handle: (request, response) => {
        seen.push(request.url ?? '');
        held.push(() => response.end());
        return true;
      },
    });
    const sent = [];
    for (let i = 0; i < 6; i += 1) {
      sent.push(send(house, `GET /${i} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`));
      await house.ask({ host: 'nobody.test' });
    }
    for (let i = 0; i < 6; i += 1) {
      await until('the next arrives', () => seen.length === i + 1);
      held[i]?.();
    }
    expect(seen).toEqual(['/0', '/1', '/2', '/3', '/4', '/5']);
    for (const { socket } of sent) socket.destroy();
  });

  it('is still served while the router closes', async () => {
    const house = await open({ maxRequestsPerMember: 1 });
    const origin = await house.live('one', HOLD);
    origin.server.prependListener('request', (request, response) => {
      if (request.url === '/hold') answer = () => response.end('held');
    });
    let answer = () => {};
    const hold = send(house, `GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => origin.requests === 1);
    const waiting = send(house, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await house.ask({ host: 'nobody.test' });
    const closed = house.router.close();
    answer();
    await within(5_000, Promise.all([closed, hold.closed, waiting.closed]));
    expect(statuses(hold.text())).toEqual([200]);
    expect(statuses(waiting.text())).toEqual([200]);
  });
});

describe('members of the embedded router that are down', () => {
  it('are asked once in a while only, as long as the pool has others', async () => {
    const house = await open({ memberDownMs: 60_000 });
    const live = await house.live('one');
    let tries = 0;
    const members = [
      { instanceId: 'instance_gone', address: { host: '127.0.0.1', port: 1 } },
      { instanceId: 'instance_one', address: live.address },
    ];
    await house.router.setPool({ appId: 'app_one', colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    troubles = (instanceId) => {
      if (instanceId === 'instance_gone') tries += 1;
    };
    for (let i = 0; i < 20; i += 1) expect((await house.ask()).status).toBe(200);
    expect(tries).toBe(1);
  });

  it('are asked at once where the pool has no other', async () => {
    const house = await open({ memberDownMs: 60_000 });
    const origin = await house.live('one');
    const { port } = origin.address;
    await origin.close();
    expect((await house.ask()).status).toBe(502);
    const back = createServer((_request, response) => response.end('back')).listen(port, '127.0.0.1');
    house.onClose(() => back.close());
    await once(back, 'listening');
    expect((await house.ask()).body).toBe('back');
  });
});

describe('refusals of the embedded router', () => {
  it('are counted for the app that was meant, where that is clear', async () => {
    const house = await open({ trafficIntervalMs: 10 });
    await house.live('one');
    const counted: string[] = [];
    house.router.watchTraffic((minutes) => {
      for (const { appId, colour, statuses } of minutes) counted.push(`${appId} ${colour} ${statuses['4xx']}`);
    }, signal);
    await sendRaw(house.address, `TRACE / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('it is counted', () => counted.length > 0);
    expect(counted).toEqual(['app_one null 1']);
  });

  it('of httpsOnly are left out without HTTPS', async () => {
    const house = await open();
    await house.live('one');
    await house.flip('blue', { httpsOnly: true });
    expect((await house.ask()).status).toBe(200);
  });
});

describe('start and close of the embedded router', () => {
  it('serves from the first moment what it was told before', async () => {
    const router = make();
    const house = new House({ router, proofSecret: 'secret' });
    houses.push(house);
    await house.live('one');
    await router.listen();
    expect((await house.ask()).headers['x-version']).toBe('one');
  });

  it('says when the port of HTTPS is taken, and lets the other one go', async () => {
    const house = await open();
    const { port } = house.address;
    const options = { host: '127.0.0.1', port: 0, securePort: port, proofSecret: 'secret' };
    const second = createEmbeddedRouter(options);
    await expect(second.listen()).rejects.toSatisfy((error) => isTealError(error, 'port_taken'));
    await second.close();
  });

  it('says when the port is taken', async () => {
    const house = await open();
    const second = make({}, house.address.port);
    await expect(second.listen()).rejects.toSatisfy((error) => isTealError(error, 'port_taken'));
    await second.close();
  });

  it('closes idle connections, refuses new ones, and lets what is in flight end whole', async () => {
    const house = await open();
    await house.live('one', { slowMs: 400 });
    const idle = send(house, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the first answer', () => statuses(idle.text()).length === 1);
    const { address } = house;
    const slow = house.ask({ path: '/slow', agent: house.agent() });
    await until('the stream runs', async () => (await house.inFlight('one')).requests === 1);
    const closed = house.router.close();
    await within(2_000, idle.closed);
    expect(await sendRaw(address, 'x').catch((error) => error.code)).toBe('ECONNREFUSED');
    const answer = await slow;
    expect(answer.body).toBe('version one\n\n'.repeat(20));
    await within(2_000, closed);
  });

  it('cuts what is still in flight at the deadline of its close', async () => {
    const house = await open({ closeDeadlineMs: 100 });
    const origin = await house.live('one', HOLD);
    const webSocket = await openWebSocket(house);
    const hold = send(house, `GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => origin.requests === 1);
    const gone = once(webSocket, 'close');
    await within(3_000, house.router.close());
    await within(2_000, hold.closed);
    expect((await within(2_000, gone))[0]).toBe(1001);
    await until('the app is left', () => origin.sockets.size === 0);
  });

  it('closes without ever having listened', async () => {
    await within(1_000, make().close());
  });
});

describe('pages of the embedded router', () => {
  it('are HTML for browsers and text for others, without scripts', async () => {
    const house = await open();
    const html = await house.ask({ headers: { accept: 'text/html,*/*' } });
    expect(html.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(html.headers['content-security-policy']).toContain("default-src 'none'");
    expect(html.body).toContain('<!doctype html>');
    const text = await house.ask({ headers: { accept: 'application/json' } });
    expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text.body).toBe('No app answers at this address.\n');
  });
});
