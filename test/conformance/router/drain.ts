/** What counts as in flight, and when a drain is over. */
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { APP, HOST, type House, holder, houses, type MakeRouter, until, within } from './fixture.ts';

async function holding(house: House, version = 'one'): Promise<ServerResponse[]> {
  const { held, options } = holder();
  await house.live(version, options);
  return held;
}

const LONG = { deadlineMs: 8_000, webSocketDeadlineMs: 8_000, signal: new AbortController().signal };
const IDS = ['instance_one'];

export function drainCases(make: MakeRouter): void {
  const open = houses(make);

  it('counts a request from its start to the end of its answer', async () => {
    const house = await open();
    const held = await holding(house);
    const asking = house.ask({ path: '/hold' });
    await until('the request arrives', () => held.length === 1);
    expect(await house.inFlight('one')).toEqual({ requests: 1, webSockets: 0 });
    held[0]?.write('half');
    await house.flip('green');
    expect(await house.inFlight('one')).toEqual({ requests: 1, webSockets: 0 });
    held[0]?.end(' whole');
    expect((await asking).body).toBe('half whole');
    await until('the count is back', async () => (await house.inFlight('one')).requests === 0);
  });

  it('counts several instances together', async () => {
    const house = await open();
    const held = await holding(house);
    const asking = [house.ask({ path: '/hold' }), house.ask({ path: '/hold' })];
    await until('the requests arrive', () => held.length === 2);
    expect(await house.router.inFlight(['instance_one', 'instance_other'])).toEqual({ requests: 2, webSockets: 0 });
    for (const response of held) response.end();
    await Promise.all(asking);
  });

  it('sends nothing new to a member left out, while what it has goes on and counts', async () => {
    const house = await open();
    const held = await holding(house);
    const other = await house.origin('two');
    const asking = house.ask({ path: '/hold' });
    await until('the request arrives', () => held.length === 1);
    await house.pool('blue', other);
    for (let i = 0; i < 6; i += 1) expect((await house.ask()).headers['x-version']).toBe('two');
    expect(await house.inFlight('one')).toEqual({ requests: 1, webSockets: 0 });
    await house.router.removeApp(APP);
    expect(await house.inFlight('one')).toEqual({ requests: 1, webSockets: 0 });
    held[0]?.end('whole');
    expect((await asking).body).toBe('whole');
  });

  it('is drained when the last answer has ended', async () => {
    const house = await open();
    const held = await holding(house);
    const socket = connect(house.address);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(`GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => held.length === 1);
    await house.flip('green');
    let over = false;
    const drained = house.router.drained(IDS, LONG).then((value) => {
      over = true;
      return value;
    });
    // Once the client has read half of the answer, whatever the router did on the way is done.
    held[0]?.write('half');
    await until('half of the answer arrives', () => text.endsWith('half') || text.includes('half\r\n'));
    expect(over).toBe(false);
    held[0]?.end();
    expect(await within(2_000, drained)).toBe(true);
    socket.destroy();
  });

  it('leaves a request alone whose deadline has come', async () => {
    const house = await open();
    const held = await holding(house);
    const asking = house.ask({ path: '/hold' });
    await until('the request arrives', () => held.length === 1);
    expect(await within(2_000, house.router.drained(IDS, { ...LONG, deadlineMs: 100 }))).toBe(false);
    held[0]?.end('whole');
    expect((await asking).body).toBe('whole');
  });

  it('frees the count when the client goes away, and tells the app', async () => {
    const house = await open();
    const held = await holding(house);
    for (const request of [
      `GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
      `POST /hold HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100000\r\n\r\nstart`,
    ]) {
      const socket = connect(house.address);
      socket.write(request);
      await until('the request arrives', () => held.length === 1);
      expect((await house.inFlight('one')).requests).toBe(1);
      const told = new Promise((resolve) => held[0]?.once('close', resolve));
      socket.destroy();
      await within(5_000, told);
      await until('the count is back', async () => (await house.inFlight('one')).requests === 0);
      held.length = 0;
    }
  });

  it('frees the count when the client goes away in the middle of an answer it does not read', async () => {
    const house = await open();
    const held = await holding(house);
    const socket = connect(house.address);
    socket.write(`GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => held.length === 1);
    const told = new Promise((resolve) => held[0]?.once('close', resolve));
    held[0]?.write(Buffer.alloc(8 * 1024 * 1024));
    await new Promise((resolve) => socket.once('readable', resolve));
    socket.destroy();
    await within(5_000, told);
    await until('the count is back', async () => (await house.inFlight('one')).requests === 0);
  });

  it('frees the count when the app breaks off, and the client can see that', async () => {
    const house = await open();
    const held = await holding(house);
    const asking = house.ask({ path: '/hold' });
    await until('the request arrives', () => held.length === 1);
    await Promise.all([
      expect(asking).rejects.toThrow(),
      new Promise((resolve) => held[0]?.write('half', resolve)).then(() => held[0]?.destroy()),
    ]);
    await until('the count is back', async () => (await house.inFlight('one')).requests === 0);
  });

  it('frees the count when an upload outlives its answer and the client goes away', async () => {
    const house = await open();
    const held = await holding(house);
    const socket = connect(house.address);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(`POST /hold HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100000\r\n\r\nstart`);
    await until('the request arrives', () => held.length === 1);
    held[0]?.end('early');
    await until('the early answer arrives', () => text.endsWith('early') || text.includes('early\r\n'));
    socket.destroy();
    await until('the count is back', async () => (await house.inFlight('one')).requests === 0);
  });
}
