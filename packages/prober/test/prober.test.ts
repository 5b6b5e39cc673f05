import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Address } from '@teal/core';
import { afterEach, describe, expect, it } from 'vitest';
import { createProber } from '../src/index.ts';

const prober = createProber();
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(server: Server): Promise<Address> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const closing = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));
const http = (handler: (request: IncomingMessage, response: ServerResponse) => void) => listen(createServer(handler));
const tcp = (handler: (socket: Socket) => void) => listen(createTcpServer(handler));

function ask(address: Address, over: { path?: string; timeoutMs?: number; signal?: AbortSignal } = {}) {
  const signal = new AbortController().signal;
  return { address, path: '/', host: 'app.test', timeoutMs: 1_000, signal, ...over };
}

describe('prober', () => {
  it('reports the status and asks as the platform does', async () => {
    const seen: IncomingMessage[] = [];
    const address = await http((request, response) => {
      seen.push(request);
      response.statusCode = 204;
      response.end();
    });
    expect(await prober.probe(ask(address, { path: '/health?x=1' }))).toEqual({ kind: 'status', status: 204 });
    expect(seen[0]?.url).toBe('/health?x=1');
    expect(seen[0]?.headers).toMatchObject({
      host: 'app.test',
      'user-agent': 'Teal-Health',
      'x-forwarded-proto': 'http',
      connection: 'close',
    });
  });

  it('uses a fresh connection for every probe', async () => {
    const ports = new Set<number | undefined>();
    const address = await http((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });
    for (let i = 0; i < 3; i += 1) await prober.probe(ask(address));
    expect(ports.size).toBe(3);
  });

  it('reports a redirect and does not follow it', async () => {
    let asked = 0;
    const address = await http((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await prober.probe(ask(address))).toEqual({ kind: 'status', status: 302 });
    expect(asked).toBe(1);
  });

  it('cuts an endless body', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    let written = 0;
    const address = await http((request, response) => {
      closed = closing(request.socket);
      const chunk = Buffer.alloc(16 * 1024);
      const pour = () => {
        while (!response.destroyed && written < 1e9) {
          written += chunk.length;
          if (!response.write(chunk)) return;
        }
      };
      response.on('drain', pour);
      pour();
    });
    expect(await prober.probe(ask(address))).toEqual({ kind: 'status', status: 200 });
    await closed;
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('takes a stream that never ends as an answer, and leaves it', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const address = await http((request, response) => {
      closed = closing(request.socket);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    expect(await prober.probe(ask(address))).toEqual({ kind: 'status', status: 200 });
    await closed;
  });

  it('gives up on an instance that never answers, at the timeout', async () => {
    const address = await tcp(() => {});
    const began = performance.now();
    expect(await prober.probe(ask(address, { timeoutMs: 60 }))).toMatchObject({ kind: 'none', why: 'timeout' });
    expect(performance.now() - began).toBeLessThan(900);
  });

  it('counts headers that trickle in towards the timeout', async () => {
    const address = await tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X-A: b\r\n'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await prober.probe(ask(address, { timeoutMs: 80 }))).toMatchObject({ kind: 'none', why: 'timeout' });
  });

  it.each([
    ['closes at once', (socket: Socket) => socket.end(), 'reset'],
    ['resets', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()), 'reset'],
    ['speaks something else', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'malformed'],
    [
      'sends huge headers',
      (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`),
      'malformed',
    ],
  ])('names the trouble when the other side %s', async (_name, behave, why) => {
    const address = await tcp((socket) => void behave(socket));
    expect(await prober.probe(ask(address))).toMatchObject({ kind: 'none', why });
  });

  it('says refused where nobody listens', async () => {
    const server = createTcpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    await new Promise((resolve) => server.close(resolve));
    expect(await prober.probe(ask(address))).toMatchObject({ kind: 'none', why: 'refused' });
  });

  it('says unreachable where no route leads', async () => {
    expect(await prober.probe(ask({ host: '255.255.255.255', port: 80 }))).toMatchObject({
      kind: 'none',
      why: 'unreachable',
    });
  });

  it('answers for a path that cannot be sent, without asking', async () => {
    const address = await http((_request, response) => response.end('ok'));
    expect(await prober.probe(ask(address, { path: '/a b' }))).toMatchObject({ kind: 'none', why: 'malformed' });
  });

  it('is not confused by informational answers or a protocol switch', async () => {
    const hints = await http((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('ok');
    });
    expect(await prober.probe(ask(hints))).toEqual({ kind: 'status', status: 200 });
    const switching = await tcp((socket) =>
      socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    );
    expect(await prober.probe(ask(switching))).toEqual({ kind: 'status', status: 101 });
  });

  it('rejects with the reason when its signal aborts, and lets the connection go', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const cancel = new AbortController();
    const address = await tcp((socket) => {
      closed = closing(socket);
      socket.resume();
      cancel.abort(new Error('cancelled'));
    });
    await expect(prober.probe(ask(address, { signal: cancel.signal }))).rejects.toThrow('cancelled');
    await closed;
    await expect(prober.probe(ask(address, { signal: cancel.signal }))).rejects.toThrow('cancelled');
  });

  it('identifies the deployment that answers a proof request', async () => {
    const address = await http((request, response) => {
      if (request.headers['teal-proof'] === 'secret') response.setHeader('teal-deployment', 'deployment_1');
      response.end('ok');
    });
    expect(await prober.identify({ ...ask(address), secret: 'secret' })).toEqual({
      deploymentId: 'deployment_1',
      answer: { kind: 'status', status: 200 },
    });
    expect(await prober.identify({ ...ask(address), secret: 'wrong' })).toMatchObject({ deploymentId: null });
  });
});
