/** Which app and which version answers. */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { APP, HOST, houses, type MakeRouter, until } from './fixture.ts';
import { sendRaw, statuses } from './raw.ts';

export function routingCases(make: MakeRouter): void {
  const open = houses(make);

  it('routes by host', async () => {
    const house = await open();
    await house.live('one');
    const other = await house.origin('two');
    await house.router.setPool({
      appId: 'app_two',
      colour: 'green',
      releaseId: 'r',
      deploymentId: 'd',
      members: [{ instanceId: 'instance_two', address: other.address }],
    });
    await house.router.setHosts('app_two', ['two.test', 'www.two.test']);
    await house.router.setRoute('app_two', { mode: 'up', live: 'green' });
    expect((await house.ask()).headers['x-version']).toBe('one');
    expect((await house.ask({ host: 'two.test' })).headers['x-version']).toBe('two');
    expect((await house.ask({ host: 'www.two.test' })).headers['x-version']).toBe('two');
  });

  it.each(['ONE.test', 'one.test.', 'One.TEST:8000', 'one.test.:80'])('knows the app by the host %s', async (host) => {
    const house = await open();
    await house.live('one');
    expect((await house.ask({ host })).headers['x-version']).toBe('one');
  });

  it('answers 404 for a host that nobody owns, and for one that was taken away', async () => {
    const house = await open();
    await house.live('one');
    expect((await house.ask({ host: 'other.test' })).status).toBe(404);
    expect((await house.ask({ host: 'sub.one.test' })).status).toBe(404);
    await house.router.setHosts(APP, ['new.test']);
    expect((await house.ask()).status).toBe(404);
    expect((await house.ask({ host: 'new.test' })).status).toBe(200);
    await house.router.removeApp(APP);
    expect((await house.ask({ host: 'new.test' })).status).toBe(404);
  });

  it('answers 503 with Retry-After for an app that is empty or has no member', async () => {
    const house = await open();
    await house.live('one');
    await house.router.setRoute(APP, { mode: 'empty' });
    const empty = await house.ask();
    expect(empty.status).toBe(503);
    expect(Number(empty.headers['retry-after'])).toBeGreaterThan(0);
    await house.flip('green');
    expect((await house.ask()).status).toBe(503);
    await house.flip('blue');
    await house.pool('blue');
    expect((await house.ask()).status).toBe(503);
  });

  it('answers 503 for a stopped app', async () => {
    const house = await open();
    await house.live('one');
    await house.router.setRoute(APP, { mode: 'stopped' });
    expect((await house.ask()).status).toBe(503);
  });

  it('says in its pages what is the matter, and when to come back', async () => {
    const house = await open();
    const gone = await house.live('gone');
    const page = async (host = HOST) => {
      const { status, headers, body } = await house.ask({ host, headers: { accept: 'text/html' } });
      const title = /<title>([^<]*)/.exec(body)?.[1];
      return [status, headers['retry-after'] ?? null, title, headers['cache-control']];
    };
    expect(await page('nobody.test')).toEqual([404, null, 'No app here', 'no-store']);
    await house.router.setRoute(APP, { mode: 'empty' });
    expect(await page()).toEqual([503, '5', 'Nothing is live yet', 'no-store']);
    await house.router.setRoute(APP, { mode: 'stopped' });
    expect(await page()).toEqual([503, '60', 'Stopped', 'no-store']);
    await house.flip('green');
    expect(await page()).toEqual([503, '2', 'Not available', 'no-store']);
    await house.flip('blue', { maintenance: true });
    expect(await page()).toEqual([503, '60', 'Maintenance', 'no-store']);
    await house.flip('blue');
    await gone.close();
    expect([
      [502, '5', 'No answer', 'no-store'],
      [503, '5', 'Not available', 'no-store'],
    ]).toContainEqual(await page());
  });

  it('repeats nothing of the request in its own pages', async () => {
    const house = await open();
    const answer = await house.ask({
      host: 'marker-host.test',
      path: '/<script>marker',
      headers: { accept: 'text/html', 'x-a': 'marker' },
    });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^text\//);
    expect(answer.body).not.toContain('marker');
    expect(answer.body).not.toContain('<script');
  });

  it('answers 502 or 503 where nobody listens, and the next member takes any request that could not be sent', async () => {
    const house = await open();
    const live = await house.live('one');
    const gone = await house.origin('gone');
    await house.pool('green', gone);
    await gone.close();
    await house.flip('green');
    expect((await house.ask()).status).toBeOneOf([502, 503]);
    const members = [
      { instanceId: 'instance_gone', address: { host: '127.0.0.1', port: 1 } },
      { instanceId: 'instance_one', address: live.address },
    ];
    await house.router.setPool({ appId: APP, colour: 'green', releaseId: 'r', deploymentId: 'd', members });
    for (let i = 0; i < 4; i += 1) {
      expect((await house.ask()).status).toBe(200);
      expect((await house.ask({ method: 'POST', body: `count=${i}` })).status).toBe(200);
    }
    expect([...live.bodies.values()]).toEqual([1, 1, 1, 1]);
    expect(await house.inFlight('gone')).toEqual({ requests: 0, webSockets: 0 });
  });

  it('shares requests between the members of a pool', async () => {
    const house = await open();
    const first = await house.live('one');
    const second = await house.origin('two');
    await house.pool('blue', first, second);
    for (let i = 0; i < 10; i += 1) await house.ask();
    expect(first.requests).toBe(5);
    expect(second.requests).toBe(5);
  });

  it('has flipped when the flip is acknowledged, on connections that were open before too', async () => {
    const house = await open();
    await house.live('one');
    await house.pool('green', await house.origin('two'));
    const agent = house.agent({ maxSockets: 1 });
    let connections = 0;
    for (let i = 0; i < 20; i += 1) {
      const [colour, version] = i % 2 === 0 ? (['green', 'two'] as const) : (['blue', 'one'] as const);
      await house.flip(colour);
      const answer = await house.ask({ agent });
      expect(answer.headers['x-version']).toBe(version);
      if (answer.headers.connection === 'close') connections += 1;
    }
    expect(connections).toBe(0);
  });

  it('lets a stream that runs during a flip end whole, from the old version', async () => {
    const house = await open();
    const old = await house.live('one', { slowMs: 400 });
    await house.pool('green', await house.origin('two'));
    const streaming = house.ask({ path: '/slow' });
    while (old.requests === 0) await new Promise(setImmediate);
    await house.flip('green');
    await house.pool('blue');
    expect((await house.ask()).headers['x-version']).toBe('two');
    expect((await streaming).body).toBe('version one\n\n'.repeat(20));
  });

  it('carries out pipelined requests one after the other, in their order', async () => {
    const house = await open();
    const events: string[] = [];
    const origin = await house.live('one', {
      handle: (request, response) => {
        events.push(`${request.method} ${request.url}`);
        if (request.url !== '/late') return false;
        answerLate = () => {
          events.push('late answered');
          response.end('late');
        };
        return true;
      },
    });
    let answerLate = () => {};
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    const last = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    const answers = sendRaw(
      house.address,
      `${get('/late')}POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 3\r\n\r\nabc${last}`,
      2_000,
    );
    await until('the first arrives', () => events.length === 1);
    // While others are answered, the router had every chance to send the second one.
    for (let i = 0; i < 10; i += 1) await house.ask({ host: 'nobody.test' });
    answerLate();
    const text = await answers;
    expect(statuses(text)).toEqual([200, 200, 200]);
    expect(text.indexOf('late')).toBeLessThan(text.indexOf('ok\n'));
    expect(text.indexOf('ok\n')).toBeLessThan(text.indexOf('version one'));
    expect(origin.requests).toBe(3);
    expect(events).toEqual(['GET /late', 'late answered', 'POST /', 'GET /']);
  });

  it('keeps an idle client connection open', async () => {
    const house = await open();
    await house.live('one');
    const socket = connect(house.address);
    let text = '';
    let closed = false;
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => {
      closed = true;
    });
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await expect.poll(() => statuses(text)).toEqual([200]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(closed).toBe(false);
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await expect.poll(() => statuses(text)).toEqual([200, 200]);
    socket.destroy();
  });
}
