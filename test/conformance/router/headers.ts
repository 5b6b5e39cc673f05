/** What apps and clients are told, and what nobody can make them believe. */
import { expect, it } from 'vitest';
import { HOST, houses, type MakeRouter } from './fixture.ts';
import { ByteOrigin, sendRaw, statuses } from './raw.ts';

const FORGED = [
  'X-Forwarded-For: 6.6.6.6',
  'x-forwarded-proto: https',
  'X-Forwarded-Host: evil.test',
  'X-Forwarded-Port: 6',
  'X-FORWARDED-Prefix: /evil',
  'Forwarded: for=6.6.6.6',
  'X-Real-IP: 6.6.6.6',
  'Proxy: http://evil.test',
  'X_Forwarded_For: 6.6.6.6',
  'Under_score: evil',
  'Teal-Deployment: evil',
];

function values(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

export function headerCases(make: MakeRouter): void {
  const open = houses(make);

  it('tells the app who asked, how and where, each once', async () => {
    const house = await open();
    const origin = await house.live('one');
    await house.ask({ host: `${HOST}:8000` });
    const seen = origin.lastRawHeaders;
    expect(values(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(values(seen, 'x-forwarded-proto')).toEqual(['http']);
    expect(values(seen, 'x-forwarded-host')).toEqual([`${HOST}:8000`]);
    expect(values(seen, 'x-forwarded-port')).toEqual([String(house.address.port)]);
    expect(values(seen, 'host')).toEqual([`${HOST}:8000`]);
    expect(values(seen, 'x-request-id')[0]).toMatch(/^[\w-]{16,}$/);
  });

  it.each([
    ['', 'plain'],
    ['Connection: close, X-Forwarded-For\r\n', 'Connection names X-Forwarded-For'],
    ['Connection: X-Forwarded-Proto, X-Request-Id, Forwarded\r\n', 'Connection names others of ours'],
    ['Connection: Host\r\n', 'Connection names Host'],
    ['Connection: Cookie, Authorization\r\n', 'Connection names credentials'],
    ['Connection: X-Forwarded-For\r\nConnection: Keep-Alive\r\n', 'two Connection headers'],
  ])('lets no client forge or strip what the router says (%j)', async (extra) => {
    const house = await open();
    const origin = await house.live('one');
    const text = await sendRaw(
      house.address,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nCookie: a=b\r\nAuthorization: x\r\n${extra}${FORGED.join('\r\n')}\r\n\r\n`,
    );
    const [status] = statuses(text);
    if (status === 400) {
      expect(origin.requests).toBe(0);
      return;
    }
    expect(status).toBe(200);
    const seen = origin.lastRawHeaders;
    expect(values(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(values(seen, 'x-forwarded-proto')).toEqual(['http']);
    expect(values(seen, 'x-forwarded-host')).toEqual([HOST]);
    expect(values(seen, 'host')).toEqual([HOST]);
    expect(values(seen, 'cookie')).toEqual(['a=b']);
    expect(values(seen, 'x-request-id').length).toBe(1);
    expect(seen.filter((_, i) => i % 2 === 0).join()).not.toMatch(/_|forwarded-prefix|^forwarded|real-ip|proxy|teal-/i);
    expect(seen.join()).not.toMatch(/evil|6\.6\.6\.6/);
  });

  it('passes nothing on that belongs to one connection', async () => {
    const house = await open();
    const origin = await house.live('one', {
      handle: (_request, response) => {
        response.setHeader('Connection', 'X-Private');
        response.setHeader('X-Private', '1');
        response.setHeader('Proxy-Connection', 'keep-alive');
        response.setHeader('Keep-Alive', 'timeout=1');
        response.setHeader('X-Public', '1');
        response.end('ok');
        return true;
      },
    });
    const answer = await house.ask({
      headers: {
        connection: 'close, private-thing',
        'private-thing': '1',
        'keep-alive': '300',
        'proxy-connection': 'close',
        te: 'trailers',
        'x-public': '1',
      },
    });
    const names = origin.lastRawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(names).toContain('x-public');
    for (const name of ['private-thing', 'keep-alive', 'proxy-connection']) expect(names).not.toContain(name);
    expect(answer.headers['x-public']).toBe('1');
    expect(answer.headers['x-private']).toBeUndefined();
    expect(answer.headers['proxy-connection']).toBeUndefined();
  });

  it('passes repeated headers, their bytes and their order', async () => {
    const house = await open();
    const origin = await house.live('one', {
      handle: (_request, response) => {
        response.writeHead(200, 'Fine', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Latin', 'gr\u00fc\u00df']);
        response.end('ok');
        return true;
      },
    });
    const text = await sendRaw(
      house.address,
      `GET /p%20a?q=%2F&x=[1] HTTP/1.1\r\nHost: ${HOST}\r\nX-Many: 1\r\nX-Many: 2\r\nX-Latin: gr\u00fc\u00df\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 Fine\r\n/);
    expect(text).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\nx-latin: gr\u00fc\u00df\r\n/i);
    expect(values(origin.lastRawHeaders, 'x-many')).toEqual(['1', '2']);
    expect(values(origin.lastRawHeaders, 'x-latin')).toEqual(['gr\u00fc\u00df']);
  });

  it('sends the target on as it came', async () => {
    const house = await open();
    await house.live('one');
    const origin = await new ByteOrigin().listen();
    house.onClose(() => origin.close());
    await house.router.setPool({
      appId: 'app_one',
      colour: 'blue',
      releaseId: 'r',
      deploymentId: 'd',
      members: [{ instanceId: 'instance_bytes', address: origin.address }],
    });
    for (const target of [
      '/',
      '//a//b/../c',
      '/%2e%2e/x?y=%00&z',
      '/?a=b?c',
      `http://${HOST}/absolute?x=1`,
      `http://${HOST}`,
    ]) {
      await sendRaw(house.address, `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    }
    const lines = [...origin.bytes.matchAll(/^GET (\S+) HTTP\/1\.1\r$/gm)].map((match) => match[1]);
    expect(lines).toEqual(['/', '//a//b/../c', '/%2e%2e/x?y=%00&z', '/?a=b?c', '/absolute?x=1', '/']);
  });

  it('names the deployment to a proof request only, and strips the secret', async () => {
    const house = await open();
    const origin = await house.live('one', {
      handle: (_request, response) => {
        response.setHeader('Teal-Deployment', 'forged');
        response.end('ok');
        return true;
      },
    });
    expect((await house.ask()).headers['teal-deployment']).toBeUndefined();
    for (const wrong of ['', 'wrong', `${house.proofSecret}x`, house.proofSecret.slice(1)]) {
      const answer = await house.ask({ headers: { 'teal-proof': wrong } });
      expect(answer.headers['teal-deployment']).toBeUndefined();
      expect(values(origin.lastRawHeaders, 'teal-proof')).toEqual([]);
    }
    const proven = await house.ask({ headers: { 'Teal-Proof': house.proofSecret } });
    expect(values(proven.rawHeaders, 'teal-deployment')).toEqual(['deployment_one']);
    expect(values(origin.lastRawHeaders, 'teal-proof')).toEqual([]);
    const second = await house.origin('two');
    await house.pool('green', second);
    await house.flip('green');
    const flipped = await house.ask({ headers: { 'teal-proof': house.proofSecret } });
    expect(values(flipped.rawHeaders, 'teal-deployment')).toEqual(['deployment_two']);
  });
}
