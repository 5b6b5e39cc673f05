/** WebSockets cross the router, count, and are told when they must go. */
import { request as openRequest } from 'node:http';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { echo, openWebSocket } from './client.ts';
import { HOST, houses, type MakeRouter, until, within } from './fixture.ts';
import { sendRaw, statuses } from './raw.ts';

const LONG = { deadlineMs: 8_000, webSocketDeadlineMs: 8_000, signal: new AbortController().signal };
const IDS = ['instance_one'];

const closed = (webSocket: WebSocket) => new Promise<number>((resolve) => webSocket.once('close', resolve));

export function webSocketCases(make: MakeRouter): void {
  const open = houses(make);

  it('echoes messages small and large, and counts until both sides have closed', async () => {
    const house = await open();
    const origin = await house.live('one');
    const webSocket = await openWebSocket(house, { 'x-forwarded-for': '6.6.6.6', 'teal-proof': 'wrong' });
    expect(await house.inFlight('one')).toEqual({ requests: 0, webSockets: 1 });
    expect(await echo(webSocket, 'hello')).toBe('hello');
    expect(await echo(webSocket, Buffer.alloc(3_000_000, 'x'))).toBe('x'.repeat(3_000_000));
    expect(origin.lastRawHeaders.join()).not.toMatch(/6\.6\.6\.6|teal-proof/i);
    expect(origin.lastRawHeaders.join()).toMatch(/X-Forwarded-For,127\.0\.0\.1/i);
    await house.flip('green');
    expect(await echo(webSocket, 'still')).toBe('still');
    webSocket.close(1000);
    expect(await within(5_000, closed(webSocket))).toBe(1000);
    await until('the count is back', async () => (await house.inFlight('one')).webSockets === 0);
  });

  it('carries the close of the app, and its sudden end', async () => {
    const house = await open();
    const origin = await house.live('one');
    const first = await openWebSocket(house);
    for (const client of origin.webSockets) client.close(4001, 'done');
    expect(await within(5_000, closed(first))).toBe(4001);
    const second = await openWebSocket(house);
    for (const client of origin.webSockets) client.terminate();
    expect(await within(5_000, closed(second))).toBe(1006);
    await until('the count is back', async () => (await house.inFlight('one')).webSockets === 0);
  });

  it('frees the count when the client is gone', async () => {
    const house = await open();
    const origin = await house.live('one');
    const webSocket = await openWebSocket(house);
    webSocket.terminate();
    await until('the count is back', async () => (await house.inFlight('one')).webSockets === 0);
    await until('the app knows', () => origin.webSockets.size === 0);
  });

  it('waits for WebSockets in a drain', async () => {
    const house = await open();
    await house.live('one');
    const webSocket = await openWebSocket(house);
    await house.flip('green');
    const beganAt = performance.now();
    let over = false;
    const drained = house.router.drained(IDS, { ...LONG, deadlineMs: 50 }).finally(() => {
      over = true;
    });
    // Well past the deadline of requests, which is not that of WebSockets.
    do expect(await echo(webSocket, 'still')).toBe('still');
    while (performance.now() - beganAt < 100);
    expect(over).toBe(false);
    webSocket.close();
    expect(await within(5_000, drained)).toBe(true);
  });

  it('closes WebSockets at their deadline, politely where it can', async () => {
    const house = await open();
    await house.live('one');
    const webSocket = await openWebSocket(house);
    await echo(webSocket, 'hello');
    await house.flip('green');
    const code = closed(webSocket);
    expect(await within(5_000, house.router.drained(IDS, { ...LONG, webSocketDeadlineMs: 100 }))).toBe(false);
    expect(await within(5_000, code)).toBeOneOf([1001, 1006]);
    await until('the count is back', async () => (await house.inFlight('one')).webSockets === 0);
  });

  it('passes the answer of an app that refuses the handshake', async () => {
    const house = await open();
    const origin = await house.live('one');
    origin.server.removeAllListeners('upgrade');
    origin.server.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    });
    await expect(openWebSocket(house)).rejects.toThrow('403');
    await until('the count is back', async () => (await house.inFlight('one')).webSockets === 0);
  });

  it('answers handshakes for hosts and states without an app as it does requests', async () => {
    const house = await open();
    const gone = await house.live('one');
    await expect(openWebSocket(house, { host: 'nobody.test' })).rejects.toThrow('404');
    await house.router.setRoute('app_one', { mode: 'stopped' });
    await expect(openWebSocket(house)).rejects.toThrow('503');
    await house.flip('blue');
    await gone.close();
    await expect(openWebSocket(house)).rejects.toThrow(/50[23]/);
  });

  it('names the deployment to a proven handshake only', async () => {
    const house = await open();
    await house.live('one');
    const handshake = (proof: string) =>
      new Promise<string | undefined>((resolve, reject) => {
        const outgoing = openRequest({
          ...house.address,
          agent: false,
          headers: {
            host: HOST,
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            'teal-proof': proof,
          },
        });
        outgoing.once('upgrade', (answer, socket) => {
          socket.destroy();
          resolve(answer.headers['teal-deployment'] as string | undefined);
        });
        outgoing.on('error', reject);
        outgoing.end();
      });
    expect(await handshake(house.proofSecret)).toBe('deployment_one');
    expect(await handshake('wrong')).toBeUndefined();
  });

  it('refuses a handshake with a body, or without a clear host', async () => {
    const house = await open();
    await house.live('one');
    const head =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    for (const extra of ['Host: a\r\nHost: b\r\n', '', `Host: ${HOST}\r\nContent-Length: 5\r\n`]) {
      const text = await sendRaw(house.address, `GET /ws HTTP/1.1\r\n${extra}${head}\r\nhello`);
      expect(statuses(text)[0] ?? 400).toBeOneOf([400, 200, 426]);
      expect(text).not.toContain(' 101 ');
    }
  });
}
