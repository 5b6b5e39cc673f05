import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { QUEUE_CONCURRENCY, queueConformance } from '../../../test/conformance/queue.ts';
import { until } from '../../../test/conformance/until.ts';
import { openJobQueue } from '../src/index.ts';
import { linesLog } from './log.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => end(String(data).startsWith('+PONG')));
    socket.once('error', () => end(false));
  });
}

let dir: string;
let port: number;
let redis: ChildProcess;

async function startRedis(): Promise<void> {
  // Every write is on disk before it is answered, so that a kill loses nothing.
  const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...settings];
  redis = spawn('redis-server', args, { stdio: 'ignore' });
  await until('Redis answers', () => answers(port));
}

async function killRedis(): Promise<void> {
  const gone = once(redis, 'exit');
  redis.kill('SIGKILL');
  await gone;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'teal-redis-'));
  port = await freePort();
  await startRedis();
});

afterAll(async () => {
  if (redis !== undefined) await killRedis();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

queueConformance('Redis', async () => {
  const { log, lines } = linesLog();
  const prefix = randomUUID();
  return {
    lines,
    open: () =>
      openJobQueue({
        backend: { kind: 'redis', url: `redis://127.0.0.1:${port}/0`, prefix },
        alone: false,
        concurrency: QUEUE_CONCURRENCY,
        log,
      }),
    async restart(whileDown) {
      await killRedis();
      await whileDown();
      await startRedis();
    },
  };
});
