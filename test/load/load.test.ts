import { afterEach, describe, expect, it } from 'vitest';
import { type Load, type LoadKind, type LoadOptions, startLoad } from './load.ts';
import { Origin, type OriginOptions } from './origin.ts';

const ALL: LoadKind[] = ['get', 'post', 'slow-stream', 'upload', 'websocket', 'sse'];
const origins: Origin[] = [];

afterEach(async () => {
  for (const origin of origins.splice(0)) await origin.close();
});

async function start(options: OriginOptions, load: Partial<LoadOptions>): Promise<{ origin: Origin; load: Load }> {
  const origin = await new Origin('one', { slowMs: 100, ...options }).listen();
  origins.push(origin);
  return { origin, load: startLoad({ address: origin.address, host: 'app.test', ratePerSecond: 500, ...load }) };
}

async function until(met: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!met()) {
    if (performance.now() > deadline) throw new Error('the condition was not met in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('load client', () => {
  it('counts whole answers of every kind, over connections that stay open', async () => {
    const { origin, load } = await start({}, { kinds: ALL, keepAliveConnections: 12, uploadBytes: 300_000 });
    await until(() => ALL.every((kind) => (load.counters.byKind[kind] ?? 0) >= 10));
    const report = await load.stop();
    expect(report.errors).toEqual([]);
    expect(report.failed).toBe(0);
    expect(report.versionsSeen).toEqual({ one: report.requests });
    const kept = 8;
    const fresh = (report.byKind.websocket ?? 0) + (report.byKind.sse ?? 0);
    expect(report.connectionsOpened).toBe(kept + fresh);
    expect(Math.max(...origin.bodies.values())).toBe(1);
  });

  it('lets requests under way end before it reports', async () => {
    const { load } = await start({ slowMs: 300 }, { kinds: ['slow-stream'], keepAliveConnections: 2 });
    const report = await load.stop();
    expect(report).toMatchObject({ requests: 2, failed: 0 });
    expect(report.durationMs).toBeGreaterThan(250);
  });

  it('keeps to the rate', async () => {
    const { load } = await start({}, { kinds: ['get'], ratePerSecond: 50 });
    await until(() => load.counters.requests >= 20);
    const { requests, durationMs } = await load.stop();
    expect(requests / (durationMs / 1_000)).toBeLessThan(75);
  });

  /** Faults on every tenth request of a kind: each must be seen, none hidden by a second try. */
  const faults: [string, LoadKind, NonNullable<OriginOptions['handle']>, RegExp][] = [
    ['an error status', 'get', (_q, response) => !!response.writeHead(503).end('no'), /answered 503/],
    ['a reset', 'get', (request) => !!request.socket.resetAndDestroy(), /ECONNRESET|hang up/],
    ['a close without an answer', 'post', (request) => !!request.socket.destroy(), /ECONNRESET|hang up/],
    [
      'a body that breaks off',
      'slow-stream',
      (request, response) => {
        response.setHeader('x-version', 'one');
        response.write('version one', () => request.socket.destroy());
        return true;
      },
      /broke off/,
    ],
    [
      'a body that is not the one sent',
      'post',
      (_q, response) => {
        response.setHeader('x-version', 'one');
        response.end('0'.repeat(64));
        return true;
      },
      /did not get the body/,
    ],
    ['an answer without a version', 'get', (_q, response) => !!response.end('hello'), /no version/],
    ['an answer of two versions', 'get', (_q, response) => !!response.end('version a version b'), /several versions/],
    ['events that end early', 'sse', (_q, response) => !!response.end('data: version one\n\n'), /ended early/],
    ['no answer', 'get', () => true, /within 100 ms/],
  ];

  it.each(faults)('reports %s', async (_name, kind, fault, message) => {
    let faulty = 0;
    const { load, origin } = await start(
      {
        handle: (request, response) => {
          if (origins[0]?.requests !== 10) return false;
          faulty += 1;
          return fault(request, response);
        },
      },
      { kinds: [kind], keepAliveConnections: 2, timeoutMs: kind === 'get' ? 100 : 5_000 },
    );
    await until(() => load.counters.requests >= 20);
    const report = await load.stop();
    expect(faulty).toBe(1);
    expect(report.failed).toBe(1);
    expect(report.errors[0]).toMatch(message);
    expect(origin.requests).toBe(report.requests);
  });

  it('reports WebSockets that are cut', async () => {
    const { load, origin } = await start({}, { kinds: ['websocket'], keepAliveConnections: 2 });
    await until(() => load.counters.requests >= 5);
    origin.server.removeAllListeners('upgrade');
    await until(() => load.counters.failed >= 1);
    const report = await load.stop();
    expect(report.errors[0]).toMatch(/closed after|hang up|ECONNRESET|answered/);
  });
});
