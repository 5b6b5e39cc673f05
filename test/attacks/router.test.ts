/** Attacks 50–56 on the router over real sockets, compared byte for byte with the one reading that an app may see. */
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@teal/core';
import type { Certificate, Pool } from '@teal/deployer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statuses } from '../conformance/router/raw.ts';
import { until } from '../conformance/until.ts';
import { ATTACKS, type Attack, HOST, type Reading } from './cases.ts';
import { type Arrived, StrictOrigin } from './origin.ts';
import { HEADERS_TIMEOUT_MS, ROUTERS, RouterProcess } from './routers.ts';

const NEIGHBOUR = 'neighbour.test';
/** Follows each attack on its connection: it is the app's only when the router knows where the attack has ended. */
const NEXT = `GET /next HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const NEXT_READING: Reading = { method: 'GET', target: '/next', host: HOST, headers: [], body: '' };
const MEMORY_GROWTH_MIB = 150;
/** Of ten thousand connections; Node gives little of it back. */
const CROWD_GROWTH_MIB = 300;
const CROWD_MAX = 10_000;
/** A router keeps half of its descriptors for the apps' side. */
const CROWD_SHARE = 0.45;

interface Exchange {
  text: string;
  /** The router closed the connection. */
  closed: boolean;
}

/** Sends each of `parts` once the one before is answered, and waits for the connection's end or for `answers` answers. */
async function exchange(address: Address, parts: readonly string[], answers: number): Promise<Exchange> {
  const socket = connect(address);
  let text = '';
  let closed = false;
  socket.on('error', () => {
    closed = true;
  });
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  for (const event of ['end', 'close']) {
    socket.once(event, () => {
      closed = true;
    });
  }
  await once(socket, 'connect');
  for (const [nth, part] of parts.entries()) {
    socket.write(part, 'latin1');
    const wanted = nth === parts.length - 1 ? answers : nth + 1;
    await until('an answer or an end', () => closed || finalStatuses(text).length >= wanted);
  }
  socket.destroy();
  return { text, closed };
}

const finalStatuses = (text: string) => statuses(text).filter((status) => status >= 200);

async function crowdSize(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? CROWD_MAX);
  return Math.min(CROWD_MAX, Math.floor(files * CROWD_SHARE));
}

/** The request as its attack's reading is written, once the router's own headers are as they must be. */
function readingOf({ method, target, headers, body }: Arrived, address: Address): Reading {
  const values = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
  const host = values('host')[0] ?? '';
  expect(values('host')).toHaveLength(1);
  expect(values('x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(values('x-forwarded-proto')).toEqual(['http']);
  expect(values('x-forwarded-host')).toEqual([host]);
  expect(values('x-forwarded-port')).toEqual([String(address.port)]);
  expect(values('x-request-id')).toEqual([expect.stringMatching(/^(?!forged)[\w-]{16,}$/)]);
  const own = /^(host|x-forwarded-(for|proto|host|port)|x-request-id|content-length|transfer-encoding)$/;
  const others = headers
    .filter(([name, value]) => !own.test(name) && !(name === 'connection' && /^(keep-alive|close)$/i.test(value)))
    .map(([name, value]) => `${name}: ${value}`);
  return { method, target, host, headers: others.sort(), body };
}

const sorted = (reading: Reading): Reading => ({ ...reading, headers: [...reading.headers].sort() });

describe.each(ROUTERS)('attacks on the %s router', (kind) => {
  let folder: string;
  let router: RouterProcess;
  let origin: StrictOrigin;
  let neighbour: StrictOrigin;
  let processes: number[];
  let memoryMib: number;

  async function addApp(appId: string, host: string, to: StrictOrigin): Promise<void> {
    const members = [{ instanceId: `instance_${appId}`, address: to.address }];
    await router.call('setPool', { appId, colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    await router.call('setHosts', appId, [host]);
    await router.call('setRoute', appId, { mode: 'up', live: 'blue' });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teal-attack-'));
    await chmod(folder, 0o755);
    router = await RouterProcess.start(kind, folder);
    origin = await new StrictOrigin('one').listen();
    neighbour = await new StrictOrigin('neighbour').listen();
    await addApp('app_one', HOST, origin);
    await addApp('app_neighbour', NEIGHBOUR, neighbour);
    await neighbourAnswers();
    processes = await router.processes();
    memoryMib = await router.memoryMib();
  });
  afterAll(async () => {
    await router?.stop();
    await origin?.close();
    await neighbour?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function neighbourAnswers(): Promise<void> {
    neighbour.forget();
    const { text } = await exchange(router.address, [`GET / HTTP/1.1\r\nHost: ${NEIGHBOUR}\r\n\r\n`], 1);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nneighbour$/);
  }

  /** Every group ends with it. */
  function unharmed(growthMib = MEMORY_GROWTH_MIB): void {
    it('leaves the router, its memory and the neighbour as they were', async () => {
      await neighbourAnswers();
      expect(await router.processes()).toEqual(processes);
      expect(await router.memoryMib()).toBeLessThan(memoryMib + growthMib);
    });
  }

  function isRefused({ text, closed }: Exchange): boolean {
    const [status, ...more] = finalStatuses(text);
    // What is no HTTP/1 at all may be cut without an answer.
    return closed && more.length === 0 && (status === undefined || (status >= 400 && status <= 505 && status !== 502));
  }

  function checkReadings(attack: Attack, { text, closed }: Exchange): void {
    const seen = origin.requests.map((request) => readingOf(request, router.address));
    const wanted = attack.readings.map(sorted);
    // A router may close after an answer; where it goes on, the next request is the app's, whole.
    if (seen.length === wanted.length) expect(closed).toBe(true);
    else wanted.push(NEXT_READING);
    expect(seen).toEqual(wanted);
    expect(finalStatuses(text).filter((status) => status === 200)).toHaveLength(wanted.length);
  }

  function check(attack: Attack, outcome: Exchange): void {
    expect(neighbour.requests).toEqual([]);
    expect(origin.faults).toEqual([]);
    expect(statuses(outcome.text)).not.toContain(101);
    if (attack.outcome === 'read') checkReadings(attack, outcome);
    else if (attack.outcome === 'either') {
      if (origin.bytes > 0) checkReadings(attack, outcome);
      else expect(outcome).toSatisfy(isRefused);
    } else {
      expect(origin.requests).toEqual([]);
      if (attack.outcome === 'refused') expect(origin.bytes).toBe(0);
      // A broken body may have cost the app its answer: 502 is then the truth.
      if (attack.outcome === 'cut') expect([outcome.closed, ...finalStatuses(outcome.text)]).not.toContain(200);
      else expect(outcome).toSatisfy(isRefused);
    }
  }

  beforeEach(() => {
    origin.forget();
    neighbour.forget();
  });

  describe.each(Object.entries(ATTACKS))('%s', (_group, attacks) => {
    it.each(attacks)('$name', async (attack) => {
      const answers = attack.outcome === 'read' || attack.outcome === 'either' ? attack.readings.length + 1 : 99;
      const parts = attack.apart ? [attack.bytes, NEXT] : [attack.bytes + NEXT];
      check(attack, await exchange(router.address, parts, answers));
    });
    unharmed();
  });

  describe.runIf(kind === 'haproxy')("55: words for HAProxy's control socket", () => {
    const pool = (appId: string, change: Partial<Pool> = {}): Pool => ({
      appId,
      colour: 'green',
      releaseId: 'r',
      deploymentId: 'd',
      members: [],
      ...change,
    });
    const member = (instanceId: string, address: Address): Partial<Pool> => ({ members: [{ instanceId, address }] });
    const certificate = (change: Partial<Certificate>): Certificate => ({
      id: 'c',
      names: ['one.test'],
      chainPem: '',
      keyPem: '',
      ...change,
    });
    /** Each value that reaches the socket, or a file of HAProxy's, with the call that brings it there. */
    const PLACES: readonly [string, (poison: string) => Promise<unknown>][] = [
      ['the app of a pool', (poison) => router.call('setPool', pool(poison))],
      ['a colour', (poison) => router.call('setPool', pool('app_one', { colour: poison as 'green' }))],
      ['a release', (poison) => router.call('setPool', pool('app_one', { releaseId: poison }))],
      ['a deployment', (poison) => router.call('setPool', pool('app_one', { deploymentId: poison }))],
      ['an instance', (poison) => router.call('setPool', pool('app_one', member(poison, origin.address)))],
      ['an address', (poison) => router.call('setPool', pool('app_one', member('i', { host: poison, port: 80 })))],
      [
        'a port',
        (poison) => router.call('setPool', pool('app_one', member('i', { host: '127.0.0.1', port: poison as never }))),
      ],
      ['the app of hosts', (poison) => router.call('setHosts', poison, ['x.test'])],
      ['a host', (poison) => router.call('setHosts', 'app_one', [HOST, poison])],
      ['the app of a route', (poison) => router.call('setRoute', poison, { mode: 'up', live: 'blue' })],
      ['a mode', (poison) => router.call('setRoute', 'app_one', { mode: poison as 'stopped' })],
      ['a live colour', (poison) => router.call('setRoute', 'app_one', { mode: 'up', live: poison as 'blue' })],
      ['an app that is removed', (poison) => router.call('removeApp', poison)],
      ['an app that is looked at', (poison) => router.call('observe', poison)],
      ['an instance that is counted', (poison) => router.call('inFlight', [poison])],
      ["a certificate's id", (poison) => router.call('setCertificates', [certificate({ id: poison })])],
      ["a certificate's name", (poison) => router.call('setCertificates', [certificate({ names: [poison] })])],
      ['a certificate', (poison) => router.call('setCertificates', [certificate({ chainPem: poison })])],
    ];
    const COMMAND = 'disable frontend in';
    const POISONS = [
      `x;${COMMAND}`,
      `x\n${COMMAND}`,
      `x\r\n${COMMAND}\r\n`,
      `x <<\n${COMMAND}\n\n`,
      'x y',
      'x\ty',
      'x\0y',
      'x"y',
      "x'y",
      'x\\y',
      'x#y',
      'x,y',
      '$(id)',
      '../x',
      '-x',
      '',
      'x'.repeat(20_000),
    ];

    it.each(PLACES)('55 in %s', async (_place, say) => {
      const before = await router.call('listApps');
      const accepted: string[] = [];
      for (const poison of POISONS) {
        const outcome = await say(poison).catch((error: { code: string | null }) => error.code);
        if (outcome !== 'settings_invalid') accepted.push(poison.slice(0, 50));
      }
      expect(accepted).toEqual([]);
      expect(await router.call('listApps')).toEqual(before);
      const { text } = await exchange(router.address, [NEXT], 1);
      expect(text).toMatch(/\r\n\r\none$/);
    });
    unharmed();
  });

  describe('56: slow and idle clients', () => {
    let held: Socket[] = [];
    afterAll(() => {
      for (const socket of held) socket.destroy();
    });

    /** Opens as many connections as the file limit of one process allows; each sends `bytes`. */
    async function hold(count: number, bytes: (nth: number) => string): Promise<Socket[]> {
      const sockets: Socket[] = [];
      for (let nth = 0; nth < count; nth += 1) {
        const socket = connect(router.address);
        socket.on('error', () => {});
        socket.resume();
        socket.write(bytes(nth));
        sockets.push(socket);
        // The queue of a listening socket is finite.
        if (nth % 500 === 499) await until('they are connected', () => sockets.every((one) => !one.connecting), 30_000);
      }
      return sockets;
    }

    it('56 ten thousand idle connections, or what the file limit allows: others are served, the router ends them', async () => {
      const size = await crowdSize();
      held = await hold(size, (nth) => (nth % 2 === 0 ? '' : `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A:`));
      expect(held.filter((socket) => !socket.destroyed).length).toBeGreaterThan(size * 0.9);
      const begin = performance.now();
      await neighbourAnswers();
      expect(performance.now() - begin).toBeLessThan(1_000);
      expect(await router.memoryMib()).toBeLessThan(memoryMib + CROWD_GROWTH_MIB);
      await until('all are ended', () => held.every((socket) => socket.destroyed), HEADERS_TIMEOUT_MS * 3);
      held = [];
    });

    it('56 slowloris: others are served, the router ends them', async () => {
      held = await hold(200, () => `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`);
      let nth = 0;
      const drip = setInterval(() => {
        nth += 1;
        for (const socket of held) if (socket.writable) socket.write(`X-${nth}: a\r\n`);
      }, 100);
      try {
        await neighbourAnswers();
        await until('all are ended', () => held.every((socket) => socket.destroyed), HEADERS_TIMEOUT_MS * 3);
      } finally {
        clearInterval(drip);
      }
      held = [];
      expect(origin.bytes).toBe(0);
    });
    unharmed(CROWD_GROWTH_MIB);
  });
});
