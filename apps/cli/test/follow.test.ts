import { afterEach, beforeEach, expect, test } from 'vitest';
import { followEvents, readEvents } from '../src/api/events.ts';
import { type FakeTeal, openEvents, refuse, startFakeTeal, TOKEN } from './fake-teal.ts';
import { DEPLOYMENT_ID, givenApp, givenDeployment, runTeal } from './given.ts';

let teal: FakeTeal;
beforeEach(async () => {
  teal = await startFakeTeal();
});
afterEach(() => teal.close());

const APP = '/api/v1/apps/hello';
const EVENTS = `${APP}/deployments/${DEPLOYMENT_ID}/log/events`;
const line = (sequence: number) => ({ sequence, at: 0, phase: 'building', source: 'build', text: `line ${sequence}` });

test('a lost connection is taken up after the last line seen, and no line comes twice', async () => {
  let connections = 0;
  teal.on(`GET ${APP}/deployments/${DEPLOYMENT_ID}`, () => givenDeployment({ state: 'building' }));
  teal.on(`GET ${EVENTS}`, ({ headers }, answer) => {
    connections += 1;
    const send = openEvents(answer);
    if (connections === 1) {
      send('line', line(1), 1);
      send('line', line(2), 2);
      answer.write(`id: 3\nevent: line\ndata: {"half`);
      setImmediate(() => answer.socket?.resetAndDestroy());
      return;
    }
    expect(headers['last-event-id']).toBe('2');
    // A server may send a line again; the client has it already.
    for (const sequence of [2, 3]) send('line', line(sequence), sequence);
    send('ended', givenDeployment());
    answer.end();
  });
  const { exit, out } = await runTeal(teal, ['logs', 'hello', '--deployment', DEPLOYMENT_ID, '-f']);
  expect({ exit, out, connections }).toEqual({ exit: 0, out: '  line 1\n  line 2\n  line 3\n', connections: 2 });
});

test('a server that restarts is waited for', async () => {
  let connections = 0;
  teal.on(`GET ${APP}`, () => givenApp());
  teal.on(`GET ${APP}/deployments`, () => ({ deployments: [givenDeployment({ state: 'building' })], next: null }));
  teal.on(`GET ${EVENTS}`, (_, answer) => {
    connections += 1;
    if (connections === 2 || connections === 3) return refuse(answer, 503, 'push_not_ready', 'Starting.');
    const send = openEvents(answer);
    if (connections === 4) send('ended', givenDeployment());
    else send('line', line(1), 1);
    answer.end();
    return undefined;
  });
  expect((await runTeal(teal, ['wait', '-a', 'hello'])).exit).toBe(0);
  expect(connections).toBe(4);
});

test('an app that is deleted in the meantime ends the command', async () => {
  let connections = 0;
  teal.on(`GET ${APP}/logs/events`, (_, answer) => {
    connections += 1;
    if (connections > 1) return refuse(answer, 404, 'app_not_found', 'There is no app "hello".');
    openEvents(answer)('line', { instanceId: 'instance_1', number: 0, text: 'last words' });
    answer.end();
    return undefined;
  });
  const { exit, out } = await runTeal(teal, ['logs', 'hello', '-f', '-n', '7']);
  expect({ exit, out }).toEqual({ exit: 3, out: 'last words\n' });
  // The tail was shown by the first connection: the second asks for none.
  expect(teal.requests.map(({ path }) => path.split('?')[1])).toEqual(['tail=7', 'tail=0']);
});

test('a server that stays away is given up after the patience', async () => {
  teal.on('GET /events', (_, answer) => void openEvents(answer)('line', {}, 1));
  const server = { url: new URL(teal.url), token: TOKEN };
  const events = followEvents(server, { signal: AbortSignal.timeout(10_000), path: () => '/events', patienceMs: 300 });
  expect((await events.next()).value?.id).toBe('1');
  await teal.close();
  await expect(events.next()).rejects.toMatchObject({ code: 'server_unreachable' });
});

test('events are read whole, however they are cut into pieces', async () => {
  const text = ': comment\r\nid: 7\r\nevent: line\r\ndata: é1\r\ndata:two\r\n\r\nretry: 5\n\ndata: last\n\ndata: half';
  const bytes = Buffer.from(text);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    const events = [];
    for await (const event of readEvents(streamOf(pieces))) events.push(event);
    expect(events).toEqual([
      { id: '7', name: 'line', data: 'é1\ntwo' },
      { id: null, name: 'message', data: 'last' },
    ]);
  }
});

async function* streamOf(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
