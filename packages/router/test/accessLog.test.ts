import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessEntry } from '@teal/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/conformance/router/fixture.ts';
import { AccessFile } from '../src/accessFile.ts';
import { AccessLog } from '../src/accessLog.ts';

let dir: string;
const logs: AccessLog[] = [];
const troubles: unknown[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'teal-access-'));
});

afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
  troubles.length = 0;
  await rm(dir, { recursive: true, force: true });
});

function open(options: { dir?: string | null; maxFileBytes?: number; maxEntries?: number } = {}): AccessLog {
  const log = new AccessLog({ dir, ...options, trouble: (error) => troubles.push(error) });
  logs.push(log);
  return log;
}

function entry(nth: number, appId = 'app_a', path = `/${nth}`): AccessEntry {
  return {
    at: new Date(1_800_000_000_000 + nth),
    appId,
    colour: 'blue',
    instanceId: 'instance_x',
    clientHost: '127.0.0.1',
    protocol: 'http',
    host: 'a.test',
    method: 'GET',
    path,
    status: 200,
    bytesIn: 1,
    bytesOut: 2,
    durationMs: 3.456,
  };
}

async function tail(log: AccessLog, tailLines: number, appId = 'app_a'): Promise<AccessEntry[]> {
  const entries: AccessEntry[] = [];
  for await (const read of log.read(appId, { tailLines, follow: false })) entries.push(read);
  return entries;
}

const numbers = (entries: readonly AccessEntry[]) => entries.map(({ path }) => Number(path.slice(1)));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe.each([
  ['in files', () => open()],
  ['in memory', () => open({ dir: null })],
])('an access log %s', (_name, make) => {
  it('gives back what it was told, of one app, oldest first', async () => {
    const log = make();
    for (const i of range(0, 1_000)) log.append(entry(i, i % 10 === 0 ? 'app_a' : 'app_b'));
    expect(numbers(await tail(log, 3))).toEqual([970, 980, 990]);
    expect(numbers(await tail(log, 5_000)).length).toBe(100);
    expect((await tail(log, 1))[0]).toEqual({ ...entry(990), durationMs: 3.46 });
  });

  it('follows without a gap or a double, whenever it begins', async () => {
    const log = make();
    const stop = new AbortController();
    const followers = range(0, 20).map(() => [] as number[]);
    const following: Promise<void>[] = [];
    for (const i of range(0, 2_000)) {
      log.append(entry(i));
      const seen = i % 100 === 50 ? followers[following.length] : undefined;
      if (seen !== undefined) {
        const follow = async () => {
          const options = { tailLines: 10_000, follow: true, signal: stop.signal };
          for await (const { path } of log.read('app_a', options)) seen.push(Number(path.slice(1)));
        };
        following.push(follow());
      }
      if (i % 7 === 0) await new Promise(setImmediate);
    }
    await until('all have seen the last', () => followers.every((seen) => seen.includes(1_999)));
    stop.abort();
    await Promise.all(following);
    for (const seen of followers) expect(seen).toEqual(range(0, 2_000));
  });

  it('ends its followers when it closes', async () => {
    const log = make();
    log.append(entry(0));
    const seen: number[] = [];
    const following = (async () => {
      for await (const { path } of log.read('app_a', { tailLines: 1, follow: true })) seen.push(Number(path.slice(1)));
    })();
    await until('it follows', () => seen.length === 1);
    await log.close();
    await following;
  });

  it('replaces what could move or hide text on a terminal', async () => {
    const log = make();
    log.append(entry(0, 'app_a', '/\x1b[31m\x9b\r\n\u202e"x'));
    expect((await tail(log, 1))[0]?.path).toBe('/\ufffd[31m\ufffd\ufffd\ufffd\ufffd"x');
  });
});

describe('the files of an access log', () => {
  it('never grow far beyond their bound, and keep the newest', async () => {
    const log = open({ maxFileBytes: 20_000 });
    for (const i of range(0, 2_000)) {
      log.append(entry(i));
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    const seen = numbers(await tail(log, 2_000));
    expect((await readdir(dir)).sort()).toEqual(['access.log', 'access.log.1']);
    for (const file of await readdir(dir)) expect((await stat(join(dir, file))).size).toBeLessThan(21_000);
    expect(seen.length).toBeGreaterThan(60);
    expect(seen).toEqual(range(2_000 - seen.length, 2_000));
  });

  it('go on after a restart, over a line that a crash has cut', async () => {
    const before = open();
    for (const i of range(0, 3)) before.append(entry(i));
    await before.close();
    await appendFile(join(dir, 'access.log'), '{"at":"2026-1');
    const after = open();
    expect(numbers(await tail(after, 10))).toEqual([0, 1, 2]);
    after.append(entry(3));
    expect(numbers(await tail(after, 10))).toEqual([0, 1, 2, 3]);
    const lines = (await readFile(join(dir, 'access.log'), 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBe(5);
  });

  it('are readable by their owner only', async () => {
    const log = open({ dir: join(dir, 'new', 'folder') });
    log.append(entry(0));
    await tail(log, 1);
    expect((await stat(join(dir, 'new', 'folder', 'access.log'))).mode & 0o077).toBe(0);
  });

  it('that cannot be written are said, and hold up nobody', async () => {
    await writeFile(join(dir, 'file'), '');
    const log = open({ dir: join(dir, 'file') });
    log.append(entry(0));
    await until('it is said', () => troubles.length > 0);
    log.append(entry(1));
    await log.close();
  });

  it('hold up nobody while a long one is read: others have their turn after every piece', async () => {
    const line = `${JSON.stringify(entry(0, 'app_b', `/${'x'.repeat(600)}`))}\n`;
    const lines = 2_000;
    await writeFile(join(dir, 'access.log'), line.repeat(lines));
    const { linesBackwards, close } = await new AccessFile(dir, 1).snapshot();
    // Counted, since time would tell of the machine.
    let readInOneTurn = 0;
    let most = 0;
    let read = 0;
    const turn = () => {
      readInOneTurn = 0;
      if (read < lines) setImmediate(turn);
    };
    setImmediate(turn);
    for await (const _ of linesBackwards()) {
      read += 1;
      readInOneTurn += 1;
      most = Math.max(most, readInOneTurn);
    }
    await close();
    expect(read).toBe(lines);
    expect(most).toBeLessThanOrEqual(2 * Math.ceil((64 * 1024) / line.length));
  });
});
