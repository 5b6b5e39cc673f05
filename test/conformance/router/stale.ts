/** Apps close kept-alive connections when they like: no request is lost by that, and none is delivered twice. */
import { expect, it } from 'vitest';
import { APP, HOST, houses, type MakeRouter } from './fixture.ts';
import { ByteOrigin, plainAnswer } from './raw.ts';

export function staleCases(make: MakeRouter): void {
  const open = houses(make);

  it('loses neither GETs nor POSTs to an app that closes idle connections after 20 ms', async () => {
    const house = await open();
    const origin = await house.live('one', { keepAliveTimeoutMs: 20 });
    const agent = house.agent();
    let posts = 0;
    const line = async (offset: number) => {
      for (let i = 0; i < 60; i += 1) {
        // Around the very moment of the close, from both sides.
        await new Promise((resolve) => setTimeout(resolve, 17 + ((i + offset) % 7)));
        const post = i % 3 === 0;
        if (post) posts += 1;
        const answer = await house.ask(post ? { method: 'POST', body: `count=${posts}`, agent } : { agent });
        expect(answer.status).toBe(200);
      }
    };
    await Promise.all([line(0), line(2), line(4), line(6)]);
    expect(posts).toBe(80);
    expect(origin.bodies.size).toBe(80);
    expect(Math.max(...origin.bodies.values())).toBe(1);
  });

  it.each([
    ['closes', (end: () => void) => end()],
    ['resets', (_end: () => void, reset: () => void) => reset()],
  ])('loses no request to an app that %s a kept-alive connection just when a request arrives', async (_name, act) => {
    const house = await open();
    let posts = 0;
    const origin = await new ByteOrigin((socket, head, nth) => {
      if (head.startsWith('POST')) posts += 1;
      if (nth === 1) plainAnswer(socket);
      else
        act(
          () => socket.destroy(),
          () => socket.resetAndDestroy(),
        );
    }).listen();
    house.onClose(() => origin.close());
    const members = [{ instanceId: 'instance_bytes', address: origin.address }];
    await house.router.setPool({ appId: APP, colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    await house.router.setHosts(APP, [HOST]);
    await house.flip('blue');
    for (let i = 0; i < 30; i += 1) {
      expect((await house.ask({ method: i % 3 === 1 ? 'HEAD' : 'GET' })).status).toBe(200);
      expect((await house.ask({ method: 'POST', body: 'x' })).status).toBe(200);
      expect((await house.ask({ method: 'DELETE' })).status).toBe(200);
    }
    expect(posts).toBe(30);
  });

  it('never sends a POST twice, nor a GET more than three times, to an app that always breaks off', async () => {
    const house = await open();
    const seen: Record<string, number> = {};
    const origin = await house.live('one', {
      handle: (request) => {
        seen[request.method ?? ''] = (seen[request.method ?? ''] ?? 0) + 1;
        request.socket.destroy();
        return true;
      },
    });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await house.ask({ method, body: method === 'DELETE' ? undefined : 'x' });
      expect(answer.status).toBeOneOf([502, 503]);
      expect(seen[method]).toBe(1);
    }
    expect((await house.ask()).status).toBeOneOf([502, 503]);
    expect(seen.GET).toBeLessThanOrEqual(3);
    expect(origin.requests).toBeLessThanOrEqual(7);
    expect(await house.inFlight('one')).toEqual({ requests: 0, webSockets: 0 });
  });

  it('does not repeat a POST once a byte of the answer has come', async () => {
    const house = await open();
    let heads = 0;
    const origin = await new ByteOrigin((socket) => {
      heads += 1;
      socket.end('HTTP/1.1 2');
    }).listen();
    house.onClose(() => origin.close());
    const members = [{ instanceId: 'instance_bytes', address: origin.address }];
    await house.router.setPool({ appId: APP, colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    await house.router.setHosts(APP, [HOST]);
    await house.flip('blue');
    expect((await house.ask({ method: 'POST', body: 'x' })).status).toBeOneOf([502, 503]);
    expect(heads).toBe(1);
  });
}
