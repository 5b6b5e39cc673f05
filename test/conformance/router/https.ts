/** HTTPS: which certificate serves which name, and that everything crosses it as it does plain HTTP. */
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { makeCertificate, shownCertificate } from './certificate.ts';
import { echo, openWebSocket } from './client.ts';
import { HOST, type House, houses, type MakeRouter, until, within } from './fixture.ts';

export function httpsCases(make: MakeRouter): void {
  const open = houses(make);

  const openSecure = async (): Promise<House> => {
    const house = await open({ secure: true });
    await house.router.setCertificates([await makeCertificate('one', HOST)]);
    return house;
  };
  const shown = (house: House, name: string | null) => shownCertificate(house.secureAddress, name);

  it('serves what plain HTTP serves, and says so to the app', async () => {
    const house = await openSecure();
    const origin = await house.live('one');
    const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-port': '1' };
    expect(await house.ask({ secure: true, headers })).toMatchObject({ status: 200, body: 'version one\n' });
    const said = origin.lastRawHeaders.join();
    expect(said).toMatch(/X-Forwarded-Proto,https,/i);
    expect(said).toMatch(new RegExp(`X-Forwarded-Port,${house.secureAddress.port},`, 'i'));
    expect(said).toMatch(/X-Forwarded-For,127\.0\.0\.1(,|$)/i);
    await house.ask();
    expect(origin.lastRawHeaders.join()).toMatch(/X-Forwarded-Proto,http,/i);
    const body = randomBytes(4 * 1024 * 1024);
    const posted = await house.ask({ secure: true, method: 'POST', body });
    expect(posted.headers['x-body-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
    expect((await house.ask({ secure: true, host: 'nobody.test' })).status).toBe(404);
  });

  it('carries WebSockets over TLS, and counts them', async () => {
    const house = await openSecure();
    await house.live('one');
    const webSocket = await openWebSocket(house, {}, true);
    expect(await echo(webSocket, Buffer.alloc(1_000_000, 'x'))).toBe('x'.repeat(1_000_000));
    expect(await house.inFlight('one')).toEqual({ requests: 0, webSockets: 1 });
    webSocket.close();
    await until('the count is back', async () => (await house.inFlight('one')).webSockets === 0);
  });

  it('survives an app that breaks off, for clients of HTTP/1.0 and 1.1', async () => {
    const house = await openSecure();
    await house.live('one', {
      handle: (request, response) => {
        if (request.url !== '/half') return false;
        response.write('half', () => response.destroy());
        return true;
      },
    });
    for (const version of ['1.0', '1.1']) {
      const socket = connect({ ...house.secureAddress, servername: HOST, rejectUnauthorized: false });
      socket.on('error', () => {});
      socket.resume();
      socket.write(`GET /half HTTP/${version}\r\nHost: ${HOST}\r\n\r\n`);
      await within(5_000, new Promise((resolve) => socket.once('close', resolve)));
      expect((await house.ask({ secure: true })).status).toBe(200);
    }
  });

  it('chooses the certificate by the exact name, then by wildcard of one label, then the first', async () => {
    const house = await open({ secure: true });
    await house.router.setCertificates([
      await makeCertificate('first', 'first.test'),
      await makeCertificate('wild', '*.wild.test', 'both.test'),
      await makeCertificate('exact', 'exact.wild.test'),
    ]);
    const names = ['first.test', 'a.wild.test', 'A.Wild.TEST', 'both.test', 'exact.wild.test'];
    expect(await Promise.all(names.map((name) => shown(house, name)))).toEqual([
      'first',
      'wild',
      'wild',
      'wild',
      'exact',
    ]);
    const uncovered = ['wild.test', 'a.b.wild.test', 'other.test', null];
    expect(await Promise.all(uncovered.map((name) => shown(house, name)))).toEqual(uncovered.map(() => 'first'));
  });

  it('replaces certificates under open connections', async () => {
    const house = await openSecure();
    await house.live('one');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    house.onClose(() => agent.destroy());
    const used = new Set<TLSSocket>();
    agent.on('free', (socket) => used.add(socket));
    expect((await house.ask({ secure: true, agent })).status).toBe(200);
    await house.router.setCertificates([
      await makeCertificate('new', HOST),
      await makeCertificate('more', 'more.test'),
    ]);
    expect(await shown(house, HOST)).toBe('new');
    expect(await shown(house, 'more.test')).toBe('more');
    expect((await house.ask({ secure: true, agent })).status).toBe(200);
    expect(used.size).toBe(1);
    await house.router.setCertificates([await makeCertificate('last', 'more.test')]);
    expect(await shown(house, 'more.test')).toBe('last');
    expect(await shown(house, HOST)).toBe('last');
  });

  it('fails every handshake without a certificate, and serves again with one', async () => {
    const house = await open({ secure: true });
    await house.live('one');
    await expect(shown(house, HOST)).rejects.toThrow();
    const certificate = await makeCertificate('one', HOST);
    await house.router.setCertificates([certificate]);
    expect(await shown(house, HOST)).toBe('one');
    await house.router.setCertificates([]);
    await expect(shown(house, HOST)).rejects.toThrow();
    await expect(shown(house, null)).rejects.toThrow();
    await house.router.setCertificates([certificate]);
    expect((await house.ask({ secure: true })).status).toBe(200);
    expect((await house.ask()).status).toBe(200);
  });

  it('refuses a certificate that cannot be used, and goes on with the last ones', async () => {
    const house = await openSecure();
    const other = await makeCertificate('other', 'other.test');
    const { keyPem } = await makeCertificate('foreign', 'other.test');
    await expect(house.router.setCertificates([other, { ...other, id: 'bad', keyPem }])).rejects.toThrow();
    await expect(house.router.setCertificates([{ ...other, chainPem: 'x' }])).rejects.toThrow();
    expect(await shown(house, 'other.test')).toBe('one');
  });

  it('has no secure address without HTTPS, where certificates change nothing', async () => {
    const house = await open();
    await house.live('one');
    expect(house.router.secureAddress()).toBeNull();
    await house.router.setCertificates([await makeCertificate('one', HOST)]);
    expect((await house.ask()).status).toBe(200);
  });
}
