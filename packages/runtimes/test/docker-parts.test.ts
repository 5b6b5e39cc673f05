/** Parts of the Docker engine that need no daemon: what they read and what they make of it. */
import protobuf from 'protobufjs/light.js';
import { describe, expect, it } from 'vitest';
import { ownLines, ownStanzas } from '../src/docker/aptsources.ts';
import { neutraliseFrontend } from '../src/docker/dockerfile.ts';
import { parseListeners } from '../src/docker/listeners.ts';
import { readLines } from '../src/docker/logs.ts';
import { type ProgressEvent, readProgress } from '../src/docker/progress.ts';
import { createSharedWork } from '../src/docker/shared.ts';
import { createStepLog, readStep } from '../src/docker/steplog.ts';
import { divide, formatSubnet, overlap, parseSubnet, routedSubnets, type Subnet } from '../src/docker/subnet.ts';
import type { Vertex } from '../src/docker/trace.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function progress(text: string, size = 7): Promise<ProgressEvent[]> {
  return collect(readProgress(inPieces(Buffer.from(text), size)));
}

/** Field numbers of BuildKit's own definition, written down a second time on purpose. */
const wire = protobuf.Root.fromJSON({
  nested: {
    Time: { fields: { seconds: { id: 1, type: 'int64' } } },
    Vertex: {
      fields: {
        digest: { id: 1, type: 'string' },
        inputs: { rule: 'repeated', id: 2, type: 'string' },
        name: { id: 3, type: 'string' },
        cached: { id: 4, type: 'bool' },
        started: { id: 5, type: 'Time' },
        completed: { id: 6, type: 'Time' },
        error: { id: 7, type: 'string' },
      },
    },
    Log: {
      fields: {
        vertex: { id: 1, type: 'string' },
        timestamp: { id: 2, type: 'Time' },
        stream: { id: 3, type: 'int64' },
        msg: { id: 4, type: 'bytes' },
      },
    },
    Status: {
      fields: {
        vertexes: { rule: 'repeated', id: 1, type: 'Vertex' },
        logs: { rule: 'repeated', id: 3, type: 'Log' },
      },
    },
  },
});

function traceLine(status: object): string {
  const type = wire.lookupType('Status');
  const aux = Buffer.from(type.encode(type.fromObject(status)).finish()).toString('base64');
  return `${JSON.stringify({ id: 'moby.buildkit.trace', aux })}\n`;
}

describe("the daemon's build stream", () => {
  it('is read whole, however it is cut', async () => {
    const vertex = { digest: 'sha256:1', inputs: ['sha256:0'], name: '[1/2] RUN ü', started: { seconds: 5 } };
    const log = { vertex: 'sha256:1', timestamp: { seconds: 6 }, stream: 2, msg: Buffer.from('wörter\n') };
    const text = `${traceLine({ vertexes: [vertex], logs: [log] })}{"id":"moby.image.id","aux":{"ID":"sha256:9"}}\n`;
    for (const size of [1, 7, 1000]) {
      const [trace, image] = await progress(text, size);
      expect(trace).toMatchObject({
        type: 'trace',
        trace: {
          vertexes: [{ name: '[1/2] RUN ü', started: true, completed: false, cached: false, error: '' }],
          logs: [{ vertex: 'sha256:1', stream: 2, msg: Buffer.from('wörter\n') }],
        },
      });
      expect(image).toEqual({ type: 'image', id: 'sha256:9' });
    }
  });

  it('tells errors in both of their forms', async () => {
    expect(await progress('{"errorDetail":{"message":"broken"},"error":"x"}\n')).toEqual([
      { type: 'error', message: 'broken' },
    ]);
    expect(await progress('{"error":"plain"}')).toEqual([{ type: 'error', message: 'plain' }]);
  });

  it('shows a line that is no JSON, and one that BuildKit garbled, instead of failing', async () => {
    const events = await progress(
      '<html>502</html>\n{"id":"moby.buildkit.trace","aux":"////"}\n42\n\n{"stream":" ok \\n"}\n',
    );
    expect(events.map((event) => event.type)).toEqual(['text', 'text', 'text', 'text']);
    expect(events.at(0)).toEqual({ type: 'text', text: '<html>502</html>' });
    expect(events.at(-1)).toEqual({ type: 'text', text: ' ok' });
  });

  it('tells a last line that was cut off from one that only lacks its line break', async () => {
    expect(await progress('{"aux":{"ID":"sha256:1"}}')).toEqual([{ type: 'image', id: 'sha256:1' }]);
    expect(await progress('{"stream":"a"}\n{"errorDetail":{"mess')).toEqual([
      { type: 'text', text: 'a' },
      { type: 'truncated' },
    ]);
  });
});

describe('the log of a build', () => {
  const vertex = (facts: Partial<Vertex>): Vertex => ({
    digest: 'sha256:1',
    name: '',
    cached: false,
    started: true,
    completed: false,
    error: '',
    ...facts,
  });
  const step = '[4/5] RUN --mount=type=bind,source=a,target=b ["/usr/local/bin/teal-step","npm ci"]';

  it('names a step as its author wrote it', () => {
    expect(readStep(step)).toEqual({ label: 'npm ci', command: true });
    const hook = '[2/5] RUN ["/usr/local/bin/teal-step","echo "a"\\necho b"]';
    expect(readStep(hook)).toEqual({ label: 'echo "a"\necho b', command: true });
    expect(readStep('[build 2/3] RUN --mount=type=cache,target=/x make -j2')?.label).toBe('RUN make -j2');
    expect(readStep('[2/2] COPY . .')).toEqual({ label: 'COPY . .', command: false });
    expect(readStep('[internal] load build context')).toBeNull();
    expect(readStep('exporting to image')).toBeNull();
  });

  it('announces each step once, says which were cached, and joins lines over messages', () => {
    const lines: string[] = [];
    const log = createStepLog((source, text) => lines.push(`${source}: ${text}`), { commandsOnly: true });
    const copy = vertex({ digest: 'sha256:0', name: '[3/5] COPY source/ ./' });
    const part = (text: string, stream = 1) => ({ vertex: 'sha256:1', stream, msg: Buffer.from(text) });
    log.take({ vertexes: [copy, vertex({ name: step, cached: true, completed: true })], logs: [] });
    log.take({ vertexes: [vertex({ name: step, cached: true, completed: true })], logs: [part('one\ntw')] });
    log.take({ vertexes: [], logs: [part('error', 2), part('o\nthree')] });
    log.end();
    expect(lines).toEqual(['teal: npm ci (cached)', 'build: one', 'build: two', 'build: three', 'build: error']);
  });

  it('keeps the step that failed, not those that were stopped because of it', () => {
    const log = createStepLog(() => undefined, { commandsOnly: false });
    const stopped = vertex({ digest: 'sha256:2', name: '[other 1/1] RUN sleep 9', error: 'context canceled' });
    log.take({ vertexes: [stopped, vertex({ name: step, error: 'exit code: 7' })], logs: [] });
    expect(log.failure()).toEqual({ label: 'npm ci', message: 'exit code: 7' });
  });
});

describe("a Dockerfile's syntax directive", () => {
  it.each(['docker/dockerfile:1', 'docker.io/docker/dockerfile:1.7-labs', 'docker/dockerfile'])(
    'is taken out when it names the official %s',
    (frontend) => {
      const outcome = neutraliseFrontend(`#SYNTAX = ${frontend}\r\n# escape=\`\nFROM x\nRUN y\n`);
      expect(outcome).toEqual({ ok: true, text: '# escape=`\n\nFROM x\nRUN y\n' });
    },
  );

  it('is refused when it names another front end', () => {
    expect(neutraliseFrontend('# escape=`\n# syntax=evil.example/frontend:1\nFROM x\n')).toEqual({
      ok: false,
      frontend: 'evil.example/frontend:1',
    });
  });

  it.each(['# a comment\n# syntax=evil/x\nFROM y\n', '\n# syntax=evil/x\nFROM y\n', 'FROM y\nRUN echo "# syntax=z"\n'])(
    'is no directive further down: %j',
    (text) => {
      expect(neutraliseFrontend(text)).toEqual({ ok: true, text });
    },
  );
});

describe('subnets', () => {
  const subnet = (text: string) => parseSubnet(text) as Subnet;

  it('divide into equal parts', () => {
    const parts = divide(subnet('10.9.0.0/24'), 27).map(formatSubnet);
    expect(parts).toHaveLength(8);
    expect(parts.slice(0, 2)).toEqual(['10.9.0.0/27', '10.9.0.32/27']);
    expect(divide(subnet('10.9.0.0/28'), 27)).toEqual([]);
  });

  it('know whether they overlap', () => {
    expect(overlap(subnet('10.0.0.0/8'), subnet('10.255.255.224/27'))).toBe(true);
    expect(overlap(subnet('10.0.0.0/27'), subnet('10.0.0.32/27'))).toBe(false);
    expect(overlap(subnet('192.168.0.0/16'), subnet('192.168.255.255/32'))).toBe(true);
  });

  it('are refused when they are none', () => {
    for (const text of ['10.0.0.0', '10.0.0/8', '256.0.0.0/8', '10.0.0.0/33', 'fe80::/64']) {
      expect(parseSubnet(text)).toBeNull();
    }
  });

  it("are read from the kernel's routes, the default route left out", () => {
    const table = [
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    ].join('\n');
    expect(routedSubnets(table).map(formatSubnet)).toEqual(['172.17.0.0/16']);
  });
});

describe('listening sockets', () => {
  it('are read from /proc, others left out', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000',
      '   1: 0100007F:1F91 0100007F:9999 01 00000000:00000000',
      '   2: 00000000000000000000000000000000:0050 0:0000 0A 0:0',
      '   3: 0000000000000000FFFF00000100007F:0051 0:0000 0A 0:0',
      '   4: 00000000000000000000000001000000:0052 0:0000 0A 0:0',
    ].join('\n');
    expect(parseListeners(table)).toEqual([
      { host: '127.0.0.1', port: 8080 },
      { host: '::', port: 80 },
      { host: '::ffff:127.0.0.1', port: 81 },
      { host: '::1', port: 82 },
    ]);
  });
});

describe("a container's output", () => {
  const frame = (stream: number, text: string) => {
    const payload = Buffer.from(text);
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  };

  it('becomes lines, however frames and characters are cut', async () => {
    const bytes = Buffer.concat([
      frame(1, 'ö'),
      frame(2, 'err'),
      frame(1, 'ne\ntwo\n'),
      frame(2, 'or\n'),
      frame(1, 'end'),
    ]);
    for (const size of [1, 3, 500]) {
      expect(await collect(readLines(inPieces(bytes, size)))).toEqual(['öne', 'two', 'error', 'end']);
    }
  });
});

describe("a host's package sources", () => {
  it("are the distribution's own, not a third party's", () => {
    const stanza = 'Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main';
    const other = 'Types: deb\nURIs: https://other.test\nSuites: nodistro\nComponents: main';
    const off = `${stanza}\nEnabled: no`;
    expect(ownStanzas(`# comment\n${stanza}\n\n${other}\n\n${off}\n`, 'bookworm')).toEqual([stanza]);
    const line = 'deb [signed-by=/k.gpg] http://mirror.test/debian bookworm-security main';
    expect(ownLines(`${line}\n# deb http://x bookworm main\ndeb https://other.test stable main\n`, 'bookworm')).toEqual(
      [line],
    );
  });
});

describe('work that several wait for', () => {
  it('is done once, speaks to all, and goes on while one of them stays', async () => {
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    const ended: string[] = [];
    const shared = createSharedWork(async (key, log, signal) => {
      runs++;
      signal.addEventListener('abort', () => ended.push(key));
      log('teal', 'working');
      await gate.promise;
      log('teal', 'done');
    });
    const heard: string[] = [];
    const leaving = new AbortController();
    const first = shared.join('base', (_source, text) => heard.push(`1 ${text}`), leaving.signal);
    const second = shared.join('base', (_source, text) => heard.push(`2 ${text}`), new AbortController().signal);
    leaving.abort(new Error('left'));
    await expect(first).rejects.toThrow('left');
    expect(ended).toEqual([]);
    gate.resolve();
    await second;
    expect(runs).toBe(1);
    expect(heard).toContain('2 done');
    expect(heard).not.toContain('1 done');
  });

  it('ends when the last of them has left', async () => {
    const ended = Promise.withResolvers<string>();
    const shared = createSharedWork(
      (key, _log, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            ended.resolve(key);
            reject(signal.reason);
          });
        }),
    );
    const leaving = new AbortController();
    const only = shared.join('base', () => undefined, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(only).rejects.toThrow('left');
    expect(await ended.promise).toBe('base');
  });
});
