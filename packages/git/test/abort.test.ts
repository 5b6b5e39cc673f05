import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sweeper } from '../src/remote/sweep.ts';
import {
  commit,
  eventually,
  git,
  gitOk,
  makeClone,
  PASSWORD,
  present,
  processesIn,
  startGit,
  startServer,
  type TestServer,
} from './server.ts';
import { FLUSH, packet, pushHead } from './wire.ts';

let server: TestServer;
let clone: string;

beforeEach(async () => {
  server = await startServer();
  clone = await makeClone(server, 'clone', { 'index.html': 'hello' });
});
afterEach(() => server.close());

/** No git process in the repositories, no quarantine, no lock. */
async function clean(): Promise<boolean> {
  if ((await processesIn(server.repositories)).length > 0) return false;
  const objects = await readdir(join(server.repository('shop'), 'objects'));
  const names = await readdir(server.repository('shop'), { recursive: true });
  return !objects.some((name) => name.includes('incoming-')) && !names.some((name) => name.endsWith('.lock'));
}

function kill(child: { pid?: number | undefined }): void {
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
}

function post(service: string) {
  return {
    host: '127.0.0.1',
    method: 'POST',
    path: `/git/shop.git/git-${service}`,
    agent: false as const,
    headers: {
      authorization: `Basic ${Buffer.from(`x:${PASSWORD}`).toString('base64')}`,
      'content-type': `application/x-git-${service}-request`,
    },
  };
}

/** Sends `body` of a push that is announced to be longer, then cuts the connection. */
async function cutPush(body: Buffer, ready: () => Promise<unknown>): Promise<void> {
  const { headers, ...line } = post('receive-pack');
  const length = { 'content-length': String(body.length + 1_000_000) };
  const outgoing = request({ ...line, port: server.port, headers: { ...headers, ...length } });
  outgoing.on('error', () => {});
  await new Promise((resolve) => outgoing.write(body, resolve));
  await ready();
  outgoing.destroy();
}

test('leaves nothing behind when a client vanishes while it sends, twenty times', async () => {
  const head = await gitOk(clone, ['rev-parse', 'HEAD']);
  const pack = Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x05'), randomBytes(200_000)]);
  for (let index = 0; index < 20; index += 1) {
    const body = Buffer.concat([pushHead([{ new: head, ref: 'refs/heads/cut' }]), pack.subarray(0, 12)]);
    const cutAt = index < 5 ? index * 30 : body.length;
    const started = () => eventually(async () => (await processesIn(server.repositories)).length > 0);
    await cutPush(body.subarray(0, cutAt), index < 5 ? async () => {} : started);
  }
  await eventually(clean);
  expect(await server.reader.head('app_shop', 'cut')).toBeNull();
  expect(server.script.accepted).toEqual([]);
  expect(server.script.errors).toEqual([]);
  expect((await git(clone, ['push', server.url('shop'), 'main'])).code).toBe(0);
});

test('leaves nothing behind when a client is killed while the push is judged', async () => {
  for (let index = 0; index < 5; index += 1) {
    const entered = Promise.withResolvers<void>();
    const decide = Promise.withResolvers<void>();
    server.script.accept = () => {
      entered.resolve();
      return decide.promise;
    };
    const push = startGit(clone, ['push', server.url('shop'), 'main']);
    await entered.promise;
    kill(push);
    await push.result;
    await eventually(clean);
    decide.resolve();
    await eventually(() => server.script.lost.length === index + 1);
  }
  expect(server.script.landed).toEqual([]);
  expect(await server.reader.head('app_shop', 'main')).toBeNull();
});

test('lets a deployment go on without the client that was killed while it watched', async () => {
  for (let index = 0; index < 10; index += 1) {
    await commit(clone, { 'index.html': `${index}` });
    const begun = Promise.withResolvers<void>();
    server.script.lines = async function* (_push, signal) {
      yield 'building';
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      yield 'nobody reads this';
    };
    const push = startGit(clone, ['push', server.url('shop'), 'main']);
    await begun.promise;
    kill(push);
    await push.result;
    await eventually(() => server.script.left.length === index + 1);
    await eventually(clean);
    expect(await server.reader.head('app_shop', 'main')).toBe(await gitOk(clone, ['rev-parse', 'HEAD']));
  }
  expect(server.script.lost).toEqual([]);
  expect(server.script.errors).toEqual([]);
});

test('leaves nothing behind when a client vanishes in the middle of a clone', async () => {
  const head = await commit(clone, { 'big.bin': randomBytes(8_000_000) });
  await gitOk(clone, ['push', '--quiet', server.url('shop'), 'main']);
  for (let index = 0; index < 5; index += 1) {
    const outgoing = request({
      ...post('upload-pack'),
      port: server.port,
    });
    outgoing.on('error', () => {});
    outgoing.end(Buffer.concat([packet(`want ${head} side-band-64k\n`), FLUSH, packet('done\n')]));
    // Nobody reads the answer, so git stands still with most of it.
    await once(outgoing, 'response');
    expect(await processesIn(server.repositories)).not.toEqual([]);
    outgoing.destroy();
    await eventually(clean);
  }
});

test('refuses a push above the limit with the limit in its sentence, whether or not its size is announced', async () => {
  await server.close();
  server = await startServer({ maxPushBytes: 3 * 1024 * 1024 });
  clone = await makeClone(server, 'clone', { 'big.bin': randomBytes(5_000_000) });
  for (const postBuffer of ['1000000', '100000000']) {
    const result = await git(clone, ['-c', `http.postBuffer=${postBuffer}`, 'push', server.url('shop'), 'main']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('remote: The push is larger than 3 MiB. Remove large files');
    expect(result.stderr).toContain('! [remote rejected] main -> main');
    await eventually(clean);
  }
  expect(server.script.accepted).toEqual([]);
  await commit(clone, { 'big.bin': 'small' });
  await gitOk(clone, ['checkout', '--quiet', '--orphan', 'fresh']);
  await gitOk(clone, ['commit', '--quiet', '-m', 'small']);
  expect((await git(clone, ['push', server.url('shop'), 'HEAD:refs/heads/main'])).code).toBe(0);
});

test('cuts a client that goes on sending long after the limit', async () => {
  await server.close();
  server = await startServer({ maxPushBytes: 1024 * 1024 });
  clone = await makeClone(server, 'clone', { 'big.bin': randomBytes(12_000_000) });
  const result = await git(clone, ['push', server.url('shop'), 'main']);
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain('remote: The push is larger than 1 MiB.');
  await eventually(clean);
  expect((await git(clone, ['ls-remote', server.url('shop')])).code).toBe(0);
});

test('lets a client with a large pack read why its push is refused', async () => {
  await commit(clone, { 'big.bin': randomBytes(4_000_000) });
  const result = await git(clone, ['push', server.url('shop'), 'HEAD:refs/custom/x']);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('remote: Teal keeps branches and tags only; "refs/custom/x" is neither.');
  expect(result.stderr).toContain('! [remote rejected] HEAD -> refs/custom/x (refused by Teal)');
});

test('sweeps at its start what a crash has left, but not what a process works on', async () => {
  const repository = server.repository('shop');
  const quarantine = join(repository, 'objects', 'tmp_objdir-incoming-abc');
  await mkdir(quarantine);
  await writeFile(join(quarantine, 'x.pack'), 'x');
  await writeFile(join(repository, 'refs/heads/main.lock'), '');
  await utimes(quarantine, 0, 0);
  const worker = spawn('sleep', ['60'], { cwd: repository });
  const sweep = () => new Sweeper().sweepAll(server.repositories, new AbortController().signal);
  await eventually(async () => (await processesIn(repository)).length === 1);
  await sweep();
  expect(await present(quarantine)).toBe(true);
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  await sweep();
  expect(await clean()).toBe(true);
});

test('lets go of every client when the server stops', async () => {
  const begun = Promise.withResolvers<void>();
  server.script.lines = async function* (_push, signal) {
    yield 'building';
    begun.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  };
  const push = startGit(clone, ['push', server.url('shop'), 'main']);
  await begun.promise;
  const head = await gitOk(clone, ['rev-parse', 'HEAD']);
  const upload = cutPush(pushHead([{ new: head, ref: 'refs/heads/x' }]), () => push.result);
  await eventually(async () => (await processesIn(server.repositories)).length > 2);
  await server.remote.close();
  const result = await push.result;
  await upload;
  expect(result.code).toBe(0);
  expect(result.stderr).toContain('remote: Teal is stopping. The push is in;');
  expect(await clean()).toBe(true);
  const late = await git(clone, ['push', server.url('shop'), 'HEAD:refs/heads/late']);
  expect(late.code).not.toBe(0);
  expect(late.stderr).toContain('Teal is starting or stopping. Push again in a moment.');
});

test('refuses with a sentence, without waiting, when a hook finds no server', async () => {
  const hooks = join(server.folder, 'state', 'hooks');
  const settings = ['-c', `core.hooksPath=${hooks}`];
  await server.remote.close();
  const target = server.repository('blog');
  const result = await git(clone, ['push', `--receive-pack=git ${settings.join(' ')} receive-pack`, target, 'main']);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('remote: Teal is starting or stopping. Push again in a moment.');
  expect(await gitOk(target, ['for-each-ref'])).toBe('');
});
