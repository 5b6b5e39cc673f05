import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../test/conformance/until.ts';
import { withinDeadline } from '../src/deadline.ts';
import { openJobQueue } from '../src/index.ts';
import { linesLog } from './log.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function startRedis(port: number): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const redis = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void redis.kill('SIGKILL'));
  let said = '';
  redis.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await until('Redis takes connections', () => said.includes('Ready to accept'));
  return redis;
}

it('waits no longer than its deadline for a Redis that does not move, and fails nobody who only wakes a worker', async () => {
  const port = await freePort();
  const redis = await startRedis(port);
  const { log, lines } = linesLog();
  const backend = { kind: 'redis', url: `redis://127.0.0.1:${port}/0`, prefix: randomUUID() } as const;
  const queue = await openJobQueue({ backend, alone: false, concurrency: 1, log, callMs: 200 });
  onTestFinished(() => queue.close());
  redis.kill('SIGSTOP');
  await queue.appHasWork('app_1');
  expect(lines.join('\n')).toContain('a wake-up call was lost');
  await expect(queue.counts()).rejects.toMatchObject({
    code: 'queue_unavailable',
    message: expect.stringContaining('on Redis'),
  });
  redis.kill('SIGCONT');
  await until('it answers again', () =>
    queue.counts().then(
      () => true,
      () => false,
    ),
  );
});

it('does not wait for ever at the start', async () => {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
  await expect(withinDeadline('redis', 50, once(mute, 'close'))).rejects.toMatchObject({
    code: 'queue_unavailable',
    message: expect.stringContaining('no answer within 0.05 s'),
  });
});
