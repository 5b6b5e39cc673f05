/** The traffic figures add up to what was asked. */
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import {
  addTraffic,
  type Colour,
  NO_TRAFFIC,
  requestsOf,
  STATUS_CLASSES,
  type TrafficFigures,
  type TrafficMinute,
} from '@teal/core';
import { expect, it } from 'vitest';
import { echo, openWebSocket } from './client.ts';
import { APP, HOST, type House, holder, houses, type MakeRouter, until } from './fixture.ts';

/** What heads may take, per request and direction. */
const MAX_HEAD_BYTES = 1_024;

class Watch {
  readonly minutes: TrafficMinute[] = [];
  readonly #end = new AbortController();

  constructor(house: House) {
    house.onClose(() => this.end());
    house.router.watchTraffic((minutes) => this.minutes.push(...minutes), this.#end.signal);
  }

  figures(colour?: Colour | null, appId = APP): TrafficFigures {
    const of = this.minutes.filter((minute) => minute.appId === appId);
    const wanted = colour === undefined ? of : of.filter((minute) => minute.colour === colour);
    return wanted.reduce<TrafficFigures>(addTraffic, NO_TRAFFIC);
  }

  async counts(requests: number, appId = APP): Promise<void> {
    await until(`${requests} requests are counted`, () => requestsOf(this.figures(undefined, appId)) >= requests);
  }

  end(): void {
    this.#end.abort();
  }
}

const none = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
const bucketSum = ({ latency }: TrafficFigures) => latency.reduce((sum, count) => sum + count, 0);

async function answering(house: House): Promise<void> {
  const handle = ({ url = '' }: { url?: string }, response: ServerResponse) => {
    const status = Number(url.slice(1));
    if (status > 0) response.writeHead(status).end();
    else if (url === '/large') response.end(Buffer.alloc(200_000));
    else return false;
    return true;
  };
  await house.live('one', { handle });
  await house.pool('green', await house.origin('two'));
}

export function trafficCases(make: MakeRouter): void {
  const open = houses(make);

  it('counts each answer once, by pool and status class', async () => {
    const house = await open();
    const watch = new Watch(house);
    await answering(house);
    const beganAt = Date.now();
    for (const path of ['/', '/', '/204', '/302', '/304', '/404', '/418', '/401', '/500']) await house.ask({ path });
    await Promise.all(Array.from({ length: 20 }, () => house.ask()));
    await house.flip('green');
    for (let i = 0; i < 4; i += 1) await house.ask({ method: 'POST', body: 'x' });
    await house.flip('green', { maintenance: true });
    for (let i = 0; i < 3; i += 1) await house.ask();
    await house.router.setRoute(APP, { mode: 'stopped' });
    await house.ask();
    await watch.counts(37);
    expect(watch.figures('blue').statuses).toEqual({ ...none, '2xx': 23, '3xx': 2, '4xx': 3, '5xx': 1 });
    expect(watch.figures('green').statuses).toEqual({ ...none, '2xx': 4 });
    expect(watch.figures(null).statuses).toEqual({ ...none, '5xx': 4 });
    expect(bucketSum(watch.figures())).toBe(37);
    for (const { minute } of watch.minutes) {
      expect(minute.getTime() % 60_000).toBe(0);
      expect(minute.getTime()).toBeGreaterThan(beganAt - 60_000);
      expect(minute.getTime()).toBeLessThanOrEqual(Date.now());
    }
  });

  it('counts neither proofs nor hosts that nobody owns, and keeps apps apart', async () => {
    const house = await open();
    const watch = new Watch(house);
    await answering(house);
    const other = await house.origin('three');
    const members = [{ instanceId: 'instance_three', address: other.address }];
    await house.router.setPool({ appId: 'app_two', colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    await house.router.setHosts('app_two', ['two.test']);
    await house.router.setRoute('app_two', { mode: 'up', live: 'blue' });
    await house.ask({ headers: { 'teal-proof': house.proofSecret } });
    await house.ask({ host: 'nobody.test' });
    for (let i = 0; i < 5; i += 1) await house.ask({ host: 'two.test' });
    for (let i = 0; i < 2; i += 1) await house.ask();
    await watch.counts(5, 'app_two');
    await watch.counts(2);
    expect(watch.figures('blue').statuses).toEqual({ ...none, '2xx': 2 });
    expect(watch.figures('blue', 'app_two').statuses).toEqual({ ...none, '2xx': 5 });
    expect(new Set(watch.minutes.map(({ appId }) => appId))).toEqual(new Set([APP, 'app_two']));
  });

  it('counts bytes both ways, and how long answers took', async () => {
    const house = await open();
    const watch = new Watch(house);
    await house.live('one', {
      handle: ({ url }, response) => {
        if (url === '/large') response.end(Buffer.alloc(200_000));
        else if (url === '/late') setTimeout(() => response.end(), 160);
        else return false;
        return true;
      },
    });
    await house.ask({ method: 'POST', body: Buffer.alloc(100_000) });
    await house.ask({ method: 'POST', body: Buffer.alloc(50_000), headers: { 'transfer-encoding': 'chunked' } });
    await house.ask({ path: '/large' });
    await house.ask({ path: '/late' });
    await watch.counts(4);
    const { bytesIn, bytesOut, latency } = watch.figures('blue');
    expect(bytesIn).toBeGreaterThanOrEqual(150_000);
    expect(bytesIn).toBeLessThan(150_000 + 4 * MAX_HEAD_BYTES);
    expect(bytesOut).toBeGreaterThanOrEqual(200_000);
    expect(bytesOut).toBeLessThan(200_000 + 4 * MAX_HEAD_BYTES);
    // 150 ms is the upper bound of the tenth bucket; what is slower falls into the later ones.
    expect(latency.slice(10).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
    expect(latency.slice(0, 10).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
  });

  it('counts a WebSocket as 101 when it has closed, with its bytes and without a latency', async () => {
    const house = await open();
    const watch = new Watch(house);
    await house.live('one');
    const webSocket = await openWebSocket(house);
    await echo(webSocket, Buffer.alloc(100_000));
    await house.ask();
    await watch.counts(1);
    expect(watch.figures('blue').statuses).toEqual({ ...none, '2xx': 1 });
    webSocket.close();
    await watch.counts(2);
    const figures = watch.figures('blue');
    expect(figures.statuses).toEqual({ ...none, '1xx': 1, '2xx': 1 });
    expect(bucketSum(figures)).toBe(1);
    expect(figures.bytesIn).toBeGreaterThanOrEqual(100_000);
    expect(figures.bytesOut).toBeGreaterThanOrEqual(100_000);
  });

  it('counts a client that left before its answer as 4xx, and an app that cannot be reached as 5xx', async () => {
    const house = await open();
    const watch = new Watch(house);
    const { held, options } = holder();
    const origin = await house.live('one', options);
    const socket = connect(house.address);
    socket.write(`GET /hold HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await until('the request arrives', () => held.length === 1);
    socket.destroy();
    await watch.counts(1);
    expect(watch.figures().statuses).toEqual({ ...none, '4xx': 1 });
    await origin.close();
    await house.ask();
    await watch.counts(2);
    expect(watch.figures().statuses).toEqual({ ...none, '4xx': 1, '5xx': 1 });
    expect(watch.figures(null).statuses['5xx']).toBe(1);
  });

  it('tells later what happened while nobody listened, and nothing twice', async () => {
    const house = await open();
    await house.live('one');
    for (let i = 0; i < 3; i += 1) await house.ask();
    const first = new Watch(house);
    await first.counts(3);
    first.end();
    for (let i = 0; i < 4; i += 1) await house.ask();
    const second = new Watch(house);
    await second.counts(4);
    await house.ask();
    await second.counts(5);
    expect(requestsOf(first.figures())).toBe(3);
    expect(requestsOf(second.figures())).toBe(5);
    expect(STATUS_CLASSES.map((name) => second.figures('blue').statuses[name])).toEqual([0, 5, 0, 0, 0]);
  });
}
