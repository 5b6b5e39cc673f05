/** A supervisor or a HAProxy that stands still: calls end, traffic goes on, and who never moves again is replaced. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer as createHttpServer, get } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../test/conformance/until.ts';
import { Link } from '../src/haproxy/link.ts';
import { readNotice } from '../src/haproxy/notice.ts';
import { makeHaproxy } from './haproxy.ts';

it('ends a call that is never answered, naming the part and the call', async () => {
  const { router, dir } = await makeHaproxy();
  onTestFinished(async () => {
    await router.close();
    await rm(dir, { recursive: true, force: true });
  });
  const path = join(dir, 'mute');
  const sockets: Socket[] = [];
  const mute = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => mute.listen(path, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
  const link = await Link.open(path);
  onTestFinished(() => link.close());
  await expect(link.call('observe', { appId: 'app_1' }, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'router_unavailable',
    message: expect.stringContaining('"observe" within 0.05 s'),
  });
});

it('replaces a supervisor that never moves again, while HAProxy serves on', async () => {
  const { router, dir } = await makeHaproxy({ answerMs: 500, patienceMs: 1_000 });
  onTestFinished(async () => {
    await router.shutdown();
    await rm(dir, { recursive: true, force: true });
  });
  const origin = createHttpServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  onTestFinished(() => void origin.close());
  const { port } = origin.address() as { port: number };
  const ask = () => askOnce(router.publicAddress().port);
  await router.listen();
  const pool = { appId: 'app_1', colour: 'blue', releaseId: 'release_1', deploymentId: 'deployment_1' } as const;
  await router.setPool({ ...pool, members: [{ instanceId: 'instance_1', address: { host: '127.0.0.1', port } }] });
  await router.setRoute('app_1', { mode: 'up', live: 'blue' });
  await router.setHosts('app_1', ['one.teal.localhost']);
  expect(await ask()).toBe('here');
  const frozen = readNotice(dir)?.supervisor.pid ?? 0;
  process.kill(frozen, 'SIGSTOP');
  await expect(router.observe('app_1')).rejects.toMatchObject({ code: 'router_unavailable' });
  expect(await ask()).toBe('here');
  await until('another supervisor serves', () => readNotice(dir)?.supervisor.pid !== frozen);
  expect(await ask()).toBe('here');
  expect((await router.observe('app_1'))?.route).toEqual({ mode: 'up', live: 'blue' });
  await router.setRoute('app_1', { mode: 'stopped' });
  expect(await ask()).not.toBe('here');
});

function askOnce(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'one.teal.localhost' };
    get({ host: '127.0.0.1', port, headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(text);
    }).on('error', reject);
  });
}
