/** The access log tells an app's answers in their order, and nobody else's. */
import type { AccessEntry } from '@teal/core';
import { expect, it } from 'vitest';
import { makeCertificate } from './certificate.ts';
import { openWebSocket } from './client.ts';
import { APP, HOST, type House, houses, type MakeRouter, until, within } from './fixture.ts';
import { sendRaw } from './raw.ts';

async function tail(house: House, tailLines = 100, appId = APP): Promise<AccessEntry[]> {
  const entries: AccessEntry[] = [];
  for await (const entry of house.router.accessLog(appId, { tailLines, follow: false })) entries.push(entry);
  return entries;
}

/** The log once it holds this many entries of the app; an answer is logged when it has ended, a moment after the client has it. */
async function tailOf(house: House, count: number): Promise<AccessEntry[]> {
  let entries: AccessEntry[] = [];
  await until(`${count} entries are logged`, async () => {
    entries = await tail(house);
    return entries.length >= count;
  });
  return entries;
}

const paths = (entries: readonly AccessEntry[]) => entries.map(({ path }) => path);

export function accessLogCases(make: MakeRouter): void {
  const open = houses(make);

  it('says of each request who asked for what, who answered, and how', async () => {
    const house = await open({ secure: true });
    await house.live('one');
    await house.router.setCertificates([await makeCertificate('one', HOST)]);
    const beganAt = Date.now();
    await house.ask({ method: 'POST', path: '/a?b=c', host: 'One.Test:8000', body: 'x'.repeat(5_000) });
    await tailOf(house, 1);
    await house.ask({ secure: true, path: '/slow-path' });
    await tailOf(house, 2);
    await house.flip('blue', { maintenance: true });
    await house.ask({ path: '/closed' });
    const [posted, secured, refused] = await tailOf(house, 3);
    expect(posted).toMatchObject({
      appId: APP,
      colour: 'blue',
      instanceId: 'instance_one',
      clientHost: '127.0.0.1',
      protocol: 'http',
      host: 'One.Test:8000',
      method: 'POST',
      path: '/a?b=c',
      status: 200,
    });
    expect(posted?.bytesIn).toBeGreaterThanOrEqual(5_000);
    expect(posted?.bytesOut).toBeGreaterThanOrEqual('ok\n'.length);
    expect(secured).toMatchObject({ protocol: 'https', path: '/slow-path', host: HOST, method: 'GET' });
    expect(refused).toMatchObject({ colour: null, instanceId: null, status: 503, path: '/closed' });
    for (const entry of [posted, secured, refused]) {
      expect(entry?.at.getTime()).toBeGreaterThanOrEqual(beganAt - 1);
      expect(entry?.at.getTime()).toBeLessThanOrEqual(Date.now());
      expect(entry?.durationMs).toBeGreaterThanOrEqual(0);
      expect(entry?.durationMs).toBeLessThan(10_000);
    }
  });

  it('gives the last ones, oldest first, of one app only', async () => {
    const house = await open();
    const origin = await house.live('one');
    const members = [{ instanceId: 'instance_one', address: origin.address }];
    await house.router.setPool({ appId: 'app_two', colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    await house.router.setHosts('app_two', ['two.test']);
    await house.router.setRoute('app_two', { mode: 'up', live: 'blue' });
    const agent = house.agent({ maxSockets: 1 });
    for (let i = 0; i < 20; i += 1) {
      await house.ask({ path: `/${i}`, agent });
      await house.ask({ path: `/other-${i}`, host: 'two.test', agent });
    }
    await house.ask({ path: '/proof', headers: { 'teal-proof': house.proofSecret }, agent });
    await house.ask({ path: '/nobody', host: 'nobody.test', agent });
    const all = Array.from({ length: 20 }, (_, i) => `/${i}`);
    expect(paths(await tailOf(house, 20))).toEqual(all);
    expect(paths(await tail(house, 3))).toEqual(all.slice(-3));
    expect(await tail(house, 0)).toEqual([]);
    expect(paths(await tail(house, 2, 'app_two'))).toEqual(['/other-18', '/other-19']);
    expect(await tail(house, 10, 'app_unknown')).toEqual([]);
  });

  it('follows: what was, then what comes, each once and in order, until it is told to stop', async () => {
    const house = await open();
    await house.live('one');
    const agent = house.agent({ maxSockets: 1 });
    for (let i = 0; i < 5; i += 1) await house.ask({ path: `/${i}`, agent });
    await tailOf(house, 5);
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      const options = { tailLines: 3, follow: true, signal: stop.signal };
      for await (const { path } of house.router.accessLog(APP, options)) seen.push(path);
    })();
    for (let i = 5; i < 200; i += 1) await house.ask({ path: `/${i}`, agent });
    await until('the last one is told', () => seen.includes('/199'));
    stop.abort();
    await within(2_000, following);
    // Requests answered while the follower began count as earlier or as later ones, never as both.
    const from = Number(seen[0]?.slice(1));
    expect(from).toBeGreaterThanOrEqual(2);
    expect(seen).toEqual(Array.from({ length: 200 - from }, (_, i) => `/${from + i}`));
  });

  it('ends a follower at once that stops before anything comes', async () => {
    const house = await open();
    await house.live('one');
    const stop = new AbortController();
    const following = (async () => {
      for await (const _ of house.router.accessLog(APP, { tailLines: 10, follow: true, signal: stop.signal })) break;
    })();
    stop.abort();
    await within(2_000, following);
  });

  it('logs a WebSocket when it has closed', async () => {
    const house = await open();
    await house.live('one');
    const webSocket = await openWebSocket(house);
    await house.ask({ path: '/meanwhile' });
    expect(paths(await tailOf(house, 1))).toEqual(['/meanwhile']);
    webSocket.close();
    const [, closed] = await tailOf(house, 2);
    expect(closed).toMatchObject({ path: '/ws', status: 101, colour: 'blue', instanceId: 'instance_one' });
  });

  it('holds no control character and no endless text, whatever a client writes', async () => {
    const house = await open();
    await house.live('one');
    await sendRaw(house.address, `GET /\x9b31m\x85 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    await sendRaw(house.address, `GET /%1b[31m"\\ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    await house.ask({ path: `/${'long'.repeat(1_000)}` });
    await house.ask({ path: '/last' });
    await until('the last one is logged', async () => paths(await tail(house)).includes('/last'));
    const entries = await tail(house);
    expect(entries.length).toBeGreaterThanOrEqual(2);
    for (const { path, host, method } of entries) {
      expect(path + host + method).not.toMatch(/\p{Cc}/u);
      expect(path.length).toBeLessThanOrEqual(1_024);
    }
    expect(paths(entries)).toContain(`/${'long'.repeat(1_000)}`.slice(0, 1_024));
  });
}
