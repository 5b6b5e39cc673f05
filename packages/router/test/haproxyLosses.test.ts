/** A burst whose log nobody reads for a while: each of its requests is counted, or told as not counted. */
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestsOf, type TrafficMinute } from '@teal/core';
import { expect, it, onTestFinished } from 'vitest';
import { APP, HOST, House } from '../../../test/conformance/router/fixture.ts';
import { ByteOrigin } from '../../../test/conformance/router/raw.ts';
import { until } from '../../../test/conformance/until.ts';
import { readNotice } from '../src/haproxy/notice.ts';
import { signal } from '../src/haproxy/processMark.ts';
import { openHaproxy } from './haproxy.ts';

const CONNECTIONS = 8;
const PER_CONNECTION = 375;
const BURST = CONNECTIONS * PER_CONNECTION;
/** Between so many answers the supervisor is frozen; far fewer lines have room on their way to it. */
const FROZEN = [250, 2_500];
const DEADLINE_MS = 60_000;

async function openHouse(told: { requests?: number }[]): Promise<{ house: House; dir: string }> {
  const log = { debug: () => {}, warn: (facts: object) => void told.push(facts) };
  const stateDir = await mkdtemp(join(tmpdir(), 'teal-haproxy-'));
  const limits = { trafficIntervalMs: 100 };
  const house = new House(await openHaproxy({ stateDir, log, limits, patienceMs: 2 * DEADLINE_MS }));
  onTestFinished(() => house.close());
  const origin = await new ByteOrigin().listen();
  house.onClose(() => origin.close());
  const members = [{ instanceId: 'instance_bytes', address: origin.address }];
  await house.router.setPool({ appId: APP, colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
  await house.router.setHosts(APP, [HOST]);
  await house.flip('blue');
  return { house, dir: stateDir };
}

it(
  'of a burst that the supervisor sleeps through, no request is missing without a word',
  async () => {
    const told: { requests?: number }[] = [];
    const { house, dir } = await openHouse(told);
    const minutes: TrafficMinute[] = [];
    const watching = new AbortController();
    house.onClose(() => watching.abort());
    house.router.watchTraffic((more) => minutes.push(...more), watching.signal);
    const counted = () => minutes.reduce((sum, minute) => sum + requestsOf(minute), 0);
    const lost = () => told.reduce((sum, { requests = 0 }) => sum + requests, 0);

    const supervisor = readNotice(dir)?.supervisor;
    if (supervisor === undefined) throw new Error('no supervisor runs');
    house.onClose(() => signal(supervisor, 'SIGCONT'));
    let answered = 0;
    const marks = [() => signal(supervisor, 'SIGSTOP'), () => signal(supervisor, 'SIGCONT')];
    const request = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    for (let nth = 0; nth < CONNECTIONS; nth += 1) {
      const socket = connect(house.address);
      house.onClose(() => socket.destroy());
      await once(socket, 'connect');
      socket.on('data', (chunk) => {
        answered += chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
        while (answered >= (FROZEN[FROZEN.length - marks.length] ?? Number.POSITIVE_INFINITY)) marks.shift()?.();
      });
      socket.write(request.repeat(PER_CONNECTION));
    }
    await until('all is answered', () => answered === BURST, DEADLINE_MS);
    // Figures go on coming only with more requests.
    let later = 0;
    await until(
      'each is counted or told',
      async () => {
        if ((await house.ask()).status === 200) later += 1;
        return counted() + lost() >= BURST;
      },
      DEADLINE_MS,
    );
    await until('the later ones too', () => counted() + lost() === BURST + later);
    expect(lost()).toBeGreaterThan(0);
  },
  2 * DEADLINE_MS,
);
