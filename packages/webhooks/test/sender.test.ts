/** Webhooks over real sockets: their bodies and signatures, and case 30: nothing internal is ever connected to. */
import { createHmac } from 'node:crypto';
import type { lookup } from 'node:dns';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { WaitingDelivery } from '@teal/deployer';
import { expect, it, onTestFinished } from 'vitest';
import { guardedLookup, mayConnect, readAllowed } from '../src/guard.ts';
import { createWebhookSender, newWebhookSecret } from '../src/index.ts';
import { startReceiver } from './receiver.ts';

const NEVER = new AbortController().signal;
const LINK = 'http://teal.test/apps/shop/deployments/deployment_1';

function delivery(change: Partial<WaitingDelivery> = {}): WaitingDelivery {
  const commit = { commit: '9be07d1'.padEnd(40, '0'), tree: '', author: 'Ann', message: 'Faster <!channel> & cart' };
  return {
    id: 'delivery_1',
    webhookId: 'webhook_1',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    attempts: 1,
    url: 'http://127.0.0.1/',
    secret: newWebhookSecret(),
    form: 'json',
    event: 'deployment.failed',
    news: {
      kind: 'failed',
      at: '2026-01-01T00:00:00+00:00',
      ...{ deploymentId: 'deployment_1', sequence: 7, appId: 'app_1', appName: 'shop' },
      ...{ organisationId: 'orga_1', organisationName: 'home', trigger: 'push', branch: 'main' },
      commit,
      requestedBy: 'ann',
      failure: { phase: 'probing', code: 'gate_refused', reason: 'GET / answered 500.' },
      cancelReason: null,
      stillServes: { ...commit, commit: '3f2c1ab'.padEnd(40, '0') },
    },
    ...change,
  };
}

const sender = (allow: string[], timeoutMs?: number) =>
  createWebhookSender({ allow, userAgent: 'Teal/test', ...(timeoutMs === undefined ? {} : { timeoutMs }) });

async function receiver(...given: Parameters<typeof startReceiver>) {
  const started = await startReceiver(...given);
  onTestFinished(() => started.close());
  return started;
}

it('sends everything as JSON, signed as Standard Webhooks says', async () => {
  const { url, received } = await receiver();
  const sent = delivery({ url });
  expect(await sender(['127.0.0.1']).send(sent, LINK, NEVER)).toEqual({ status: 204, error: null });
  const { headers, body } = received[0] ?? { headers: {} as IncomingHttpHeaders, body: '' };
  expect(JSON.parse(body)).toMatchObject({
    type: 'deployment.failed',
    timestamp: '2026-01-01T00:00:00.000Z',
    data: {
      app: { id: 'app_1', name: 'shop' },
      deployment: { id: 'deployment_1', state: 'failed', link: LINK, failure: { code: 'gate_refused' } },
      stillServes: { message: 'Faster <!channel> & cart' },
    },
  });
  expect(headers).toMatchObject({ 'webhook-id': 'delivery_1', 'teal-event': 'deployment.failed' });
  const timestamp = String(headers['webhook-timestamp']);
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  // As the receiver does it, by hand.
  const key = Buffer.from(sent.secret.replace('whsec_', ''), 'base64');
  const digest = createHmac('sha256', key).update(`delivery_1.${timestamp}.${body}`).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${digest}`);
});

it('sends one sentence to Slack, in which nobody is mentioned and nothing is marked up', async () => {
  const { url, received } = await receiver();
  const cases = ['queued', 'live', 'failed', 'cancelled'] as const;
  for (const kind of cases) {
    const { news, ...rest } = delivery({ url, form: 'slack' });
    await sender(['127.0.0.0/8']).send({ ...rest, news: news && { ...news, kind } }, LINK, NEVER);
  }
  await sender(['127.0.0.0/8']).send(delivery({ url, form: 'slack', event: 'test', news: null }), null, NEVER);
  const what = 'shop: 9be07d1 “Faster &lt;!channel&gt; &amp; cart”';
  const more = `<${LINK}|Deployment>`;
  expect(received.map(({ body }) => JSON.parse(body))).toEqual([
    { text: `${what} is to be deployed, says ann. ${more}` },
    { text: `${what} is live. ${more}` },
    { text: `${what} failed while probing: GET / answered 500. 3f2c1ab still serves, unharmed. ${more}` },
    { text: `${what} was cancelled: cancelled. 3f2c1ab still serves, unharmed. ${more}` },
    { text: 'Teal reaches this channel.' },
  ]);
});

it.each([
  ['loopback', '127.0.0.1'],
  ['written otherwise', '0x7f.1'],
  ['as one number', '2130706433'],
  ['a name of it', 'localhost'],
  ['this host', '0.0.0.0'],
  ['IPv6', '[::1]'],
  ['IPv4 in IPv6', '[::ffff:127.0.0.1]'],
  ['IPv4 in IPv6, in hex', '[::ffff:7f00:1]'],
])('case 30: an internal address is not connected to: %s', async (_what, host) => {
  const { port, received } = await receiver(undefined, '::');
  const outcome = await sender([]).send(delivery({ url: `http://${host}:${port}/` }), LINK, NEVER);
  expect(outcome.error).toMatch(/address is internal/);
  expect(outcome.status).toBeNull();
  expect(received).toEqual([]);
});

it('case 30: what counts is the address, of every kind', () => {
  const internal =
    '10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 127.9.9.9 0.0.0.0 224.0.0.1 240.0.0.1 ' +
    '255.255.255.255 192.0.0.1 192.0.2.1 198.18.0.1 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 ' +
    '::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:0:7f00::1 2001:db8::1 x';
  for (const address of internal.split(' '))
    expect([address, mayConnect(address, readAllowed([]))]).toEqual([address, false]);
  for (const address of ['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:1.1.1.1'])
    expect([address, mayConnect(address, readAllowed([]))]).toEqual([address, true]);
  const some = readAllowed(['10.0.0.0/8', 'fd00::/8', '192.168.1.7']);
  for (const address of ['10.9.9.9', 'fd00::1', '192.168.1.7', '::ffff:10.0.0.1'])
    expect(mayConnect(address, some)).toBe(true);
  for (const address of ['192.168.1.8', '127.0.0.1', 'fe80::1']) expect(mayConnect(address, some)).toBe(false);
});

it('case 30: a name that changes its mind is connected to where it was checked', async () => {
  const inside = await receiver(undefined, '127.0.0.7');
  const outside = await receiver(undefined, '127.0.0.8');
  let asked = 0;
  // The first answer is good, every later one leads inside; both come along once.
  const rebinding = ((_name: string, _options: object, done: (e: null, a: object[]) => void) => {
    asked += 1;
    const good = { address: '127.0.0.8', family: 4 };
    const bad = { address: '127.0.0.7', family: 4 };
    done(null, asked === 1 ? [bad, good] : [bad]);
  }) as unknown as typeof lookup;
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const options = { lookup: guardedLookup(readAllowed(['127.0.0.8']), rebinding), agent: false };
      const sent = request(`http://rebinding.test:${outside.port}/`, options);
      sent.on('response', (response) => resolve(response.resume().statusCode ?? 0));
      sent.on('error', reject);
      sent.end();
    });
  expect(await ask()).toBe(204);
  expect(asked).toBe(1);
  await expect(ask()).rejects.toThrow(/internal/);
  expect(inside.received).toEqual([]);
  expect(outside.received).toHaveLength(1);
});

it('case 30: a redirect is an answer, and leads nowhere', async () => {
  const inside = await receiver();
  const { url } = await receiver((response) => response.writeHead(307, { location: inside.url }).end(), '127.0.0.8');
  const outcome = await sender(['127.0.0.8']).send(delivery({ url }), LINK, NEVER);
  expect(outcome).toEqual({ status: 307, error: 'answered 307; redirects are not followed' });
  expect(inside.received).toEqual([]);
});

it('a named host is allowed whatever it leads to', async () => {
  const { port } = await receiver(undefined, '127.0.0.1');
  const url = `http://localhost:${port}/`;
  expect(await sender(['LOCALHOST']).send(delivery({ url }), LINK, NEVER)).toEqual({ status: 204, error: null });
});

it('does not wait for, read or show what a receiver goes on to say', async () => {
  const endless = await receiver((response) => {
    response.writeHead(500);
    const pour = () => {
      while (response.write('secret'.repeat(10_000)));
    };
    response.on('drain', pour);
    pour();
  });
  expect(await sender(['127.0.0.1']).send(delivery({ url: endless.url }), LINK, NEVER)).toEqual({
    status: 500,
    error: 'answered 500',
  });
  const silent = await receiver(() => {});
  expect(await sender(['127.0.0.1'], 200).send(delivery({ url: silent.url }), LINK, NEVER)).toEqual({
    status: null,
    error: 'no answer within 0.2 s',
  });
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  expect((await sender(['127.0.0.1']).send(delivery({ url: `http://127.0.0.1:${port}/` }), LINK, NEVER)).error).toBe(
    'could not be reached (ECONNREFUSED)',
  );
});
