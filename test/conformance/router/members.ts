/** Pools of several members: dead ones, full ones, and requests that must not run twice. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { openWebSocket } from './client.ts';
import { type Answer, type House, holder, houses, type MakeRouter, until } from './fixture.ts';

async function two(house: House) {
  const first = await house.live('one');
  const second = await house.origin('two');
  await house.pool('blue', first, second);
  return { first, second };
}

/** As many GETs and POSTs, each POST with a body of its own; all must be answered 200. */
async function askAll(house: House, count: number, mark: string): Promise<Answer[]> {
  const agent = house.agent();
  const asking = Array.from({ length: count }, (_, i) =>
    house.ask(i % 2 === 0 ? { agent } : { agent, method: 'POST', body: `${mark}-${i}` }),
  );
  const answers = await Promise.all(asking);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  return answers;
}

export function memberCases(make: MakeRouter): void {
  const open = houses(make);

  it('loses no request and doubles no POST when one of two members dies between requests', async () => {
    const house = await open();
    const { first, second } = await two(house);
    await askAll(house, 20, 'before');
    expect(first.requests).toBeGreaterThan(0);
    expect(second.requests).toBeGreaterThan(0);
    await first.close();
    const answers = await askAll(house, 40, 'after');
    expect(new Set(answers.map(({ headers }) => headers['x-version']))).toEqual(new Set(['two']));
    const deliveries = [...first.bodies.values(), ...second.bodies.values()];
    expect(deliveries).toEqual(Array.from({ length: 30 }, () => 1));
  });

  it('sends traffic to a member again that has come back', async () => {
    const house = await open();
    const { first, second } = await two(house);
    const { port } = first.address;
    await first.close();
    await askAll(house, 10, 'away');
    const atDeath = second.requests;
    expect(atDeath).toBe(10);
    let again = 0;
    const back = createServer((request, response) => {
      again += 1;
      request.resume().once('end', () => response.end());
    }).listen(port, '127.0.0.1');
    house.onClose(() => {
      back.closeAllConnections();
      return new Promise((resolve) => back.close(resolve));
    });
    await until('it gets requests', async () => {
      await askAll(house, 4, `back-${performance.now()}`);
      return again > 2;
    });
  });

  it('carries WebSockets to the member that is left', async () => {
    const house = await open();
    const { first, second } = await two(house);
    await first.close();
    for (let i = 0; i < 4; i += 1) await openWebSocket(house);
    expect(second.webSockets.size).toBe(4);
  });

  it('gives a POST to one member only, even where that one breaks off, and says so', async () => {
    const house = await open();
    let posts = 0;
    const breaking = {
      handle: (request: IncomingMessage) => {
        if (request.method !== 'POST') return false;
        posts += 1;
        request.resume().once('end', () => request.socket.destroy());
        return true;
      },
    };
    const first = await house.live('one', breaking);
    await house.pool('blue', first, await house.origin('two', breaking));
    for (let i = 1; i <= 6; i += 1) {
      const answer = await house.ask({ method: 'POST', body: `count=${i}` });
      expect(answer.status).toBeOneOf([502, 503]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(posts).toBe(i);
    }
  });

  it('lets requests beyond the limit of a member wait, and answers them all', async () => {
    const house = await open({ maxRequestsPerMember: 2 });
    const most = { one: 0, two: 0 };
    const busy = (version: 'one' | 'two') => {
      let now = 0;
      return {
        handle: (request: IncomingMessage, response: ServerResponse) => {
          now += 1;
          most[version] = Math.max(most[version], now);
          response.once('close', () => {
            now -= 1;
          });
          request.resume();
          setTimeout(() => response.end('busy'), 20);
          return true;
        },
      };
    };
    const first = await house.live('one', busy('one'));
    await house.pool('blue', first, await house.origin('two', busy('two')));
    const answers = await askAll(house, 60, 'line');
    expect(answers.map(({ body }) => body)).toEqual(answers.map(() => 'busy'));
    expect(most).toEqual({ one: 2, two: 2 });
    expect(await house.router.inFlight(['instance_one', 'instance_two'])).toMatchObject({ requests: 0 });
  });

  it('answers 503 with Retry-After to who has waited long enough, and goes on serving', async () => {
    const house = await open({ maxRequestsPerMember: 2, queueTimeoutMs: 200 });
    const { held, options } = holder();
    const origin = await house.live('one', options);
    const holding = [house.ask({ path: '/hold' }), house.ask({ path: '/hold' })];
    await until('they arrive', () => held.length === 2);
    for (const method of ['GET', 'POST']) {
      const waited = await house.ask({ method, body: method === 'POST' ? 'x' : undefined });
      expect(waited.status).toBe(503);
      expect(Number(waited.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(origin.requests).toBe(2);
    for (const response of held) response.end('whole');
    for (const answer of await Promise.all(holding)) expect(answer).toMatchObject({ status: 200, body: 'whole' });
    expect((await house.ask()).status).toBe(200);
  });

  it('does not deliver a request whose client left while it waited', async () => {
    const house = await open({ maxRequestsPerMember: 1 });
    const { held, options } = holder();
    const origin = await house.live('one', options);
    const holding = house.ask({ path: '/hold' });
    await until('it arrives', () => held.length === 1);
    const agent = house.agent();
    const waiting = house.ask({ method: 'POST', path: '/left', body: 'left', agent });
    const sent = () => Object.values(agent.sockets).flat()[0]?.bytesWritten ?? 0;
    await until('it was sent', () => sent() > 0);
    // An answer on the same loopback, so that the router has read what came before it.
    expect((await house.ask({ host: 'nobody.test' })).status).toBe(404);
    await Promise.all([expect(waiting).rejects.toThrow(), agent.destroy()]);
    expect((await house.ask({ host: 'nobody.test' })).status).toBe(404);
    held[0]?.end();
    await holding;
    expect((await house.ask()).status).toBe(200);
    expect(origin.requests).toBe(2);
    expect(origin.bodies.size).toBe(0);
  });

  it('counts no WebSocket against the limit', async () => {
    const house = await open({ maxRequestsPerMember: 1, queueTimeoutMs: 1_000 });
    await house.live('one');
    for (let i = 0; i < 3; i += 1) await openWebSocket(house);
    expect((await house.ask()).status).toBe(200);
    expect(await house.inFlight('one')).toMatchObject({ webSockets: 3 });
  });
}
