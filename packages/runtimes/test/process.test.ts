import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineEvent } from '@teal/deployer';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  ask,
  buildWith,
  engineConformance,
  instanceOf,
  memorySource,
  until,
} from '../../../test/conformance/engine.ts';
import { memoryReservations } from '../../../test/conformance/reservations.ts';
import { lineCutter } from '../src/process/command.ts';
import { createProcessEngine, type ProcessEngineOptions } from '../src/process/index.ts';
import { parseSockets, readAddress } from '../src/process/sockets.ts';

const NEVER = new AbortController().signal;

/** Any user but root will do; this one is in every passwd file. */
function ordinaryUser() {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((text) => /^(teal-run|nobody):/.test(text));
  const [, , uid, gid] = (line ?? '').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'teal-process-'));
  chmodSync(folder, 0o711);
  return folder;
}

function optionsFor(dataDir: string, change: Partial<ProcessEngineOptions> = {}): ProcessEngineOptions {
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  const caFile = existsSync(bundle) ? bundle : null;
  return {
    dataDir,
    caFile,
    runAs: ordinaryUser(),
    reservations: memoryReservations(),
    searchPath: process.env.PATH,
    ...change,
  };
}

async function stopAll(engine: Engine): Promise<void> {
  for (const { ref } of await engine.list()) await engine.stop(ref, { graceMs: 0 });
  await engine.close();
}

engineConformance('process', async () => {
  const folder = makeFolder();
  const options = optionsFor(join(folder, 'engine'));
  const engine = await createProcessEngine(options);
  return {
    engine,
    reopen: () => createProcessEngine(options),
    foreign: () => createProcessEngine({ ...options, dataDir: join(folder, 'other') }),
    cleanup: async () => {
      await stopAll(engine);
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

const SERVER = `
const http = require('node:http');
const { spawn } = require('node:child_process');
if (process.env.CHILD) {
  const options = { stdio: 'ignore', detached: process.env.CHILD === 'detached' };
  const tick = 'setInterval(() => require("fs").appendFileSync(process.env.HOME + "/ticks", "."), 5)';
  spawn('sh', ['-c', 'node -e "$1" & wait', 'sh', tick], options).unref();
}
if (process.env.FLOOD) process.stdout.write(('x'.repeat(99) + '\\n').repeat(Number(process.env.FLOOD)));
http.createServer((request, response) => {
  response.setHeader('connection', 'close');
  response.end(JSON.stringify({ pid: process.pid, uid: process.getuid(), env: process.env, cwd: process.cwd() }));
}).listen(Number(process.env.LISTEN ?? process.env.PORT));
`;
const MANIFEST = { name: 'own', private: true, scripts: { start: 'node server.js' } };

interface Told {
  pid: number;
  uid: number;
  cwd: string;
  env: Record<string, string>;
}

describe('process engine, on its own', () => {
  let folder = '';
  let options: ProcessEngineOptions;
  const appId = `app_${randomUUID()}`;
  let engine: Engine;
  let image = '';

  // As in a hardened root shell: what Teal makes must still let the apps' user pass.
  let umask = 0;

  beforeAll(async () => {
    folder = makeFolder();
    options = optionsFor(join(folder, 'engine'), { environment: { OPERATOR: 'yes' } });
    umask = process.umask(0o077);
    engine = await createProcessEngine(options);
    const built = await buildWith(engine, {
      appId,
      source: memorySource({ 'package.json': JSON.stringify(MANIFEST), 'server.js': SERVER }),
    });
    if (!built.outcome.ok) throw new Error(built.lines.join('\n'));
    image = built.ref;
  });

  afterAll(async () => {
    process.umask(umask);
    await stopAll(engine);
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(environment: Record<string, string> = {}, by: Engine = engine) {
    const spec = instanceOf(appId, image, environment);
    const instance = await by.start(spec, NEVER);
    onTestFinished(() => engine.stop(instance.ref, { graceMs: 0 }));
    return { ...instance, spec };
  }

  const answer = (address: { host: string; port: number }) => until('it answers', () => ask<Told>(address));

  it('refuses a Dockerfile in a sentence', async () => {
    const source = memorySource({ Dockerfile: 'FROM scratch\n', 'package.json': JSON.stringify(MANIFEST) });
    const outcome = await engine.plan({ appId, source, environment: {} });
    expect(outcome).toMatchObject({ ok: false, code: 'dockerfile_unsupported' });
    expect(outcome.ok ? '' : outcome.reason).toMatch(/without Docker/);
  });

  it("runs apps as another user, with nothing of Teal's own environment", async () => {
    process.env.TEAL_SECRET_OF_TEST = 'hidden';
    onTestFinished(() => void delete process.env.TEAL_SECRET_OF_TEST);
    const { address, ref } = await start({ MINE: '1' });
    const told = await answer(address);
    expect(told.uid).toBe(ordinaryUser()?.uid ?? process.getuid?.());
    expect(told.env).toMatchObject({ MINE: '1', OPERATOR: 'yes', NODE_ENV: 'production', INSTANCE_ID: ref });
    expect(Object.keys(told.env)).not.toContain('TEAL_SECRET_OF_TEST');
    expect(told.env.HOME?.startsWith(folder)).toBe(true);
    expect(told.cwd.startsWith(folder)).toBe(true);
  });

  it.each(['attached', 'detached'])('freezes, wakes and kills grandchildren too (%s)', async (kind) => {
    const { ref, address } = await start({ CHILD: kind });
    const { env } = await answer(address);
    const ticks = () => (existsSync(`${env.HOME}/ticks`) ? readFileSync(`${env.HOME}/ticks`).length : 0);
    const grow = async (what: string) => {
      const before = ticks();
      await until(what, () => ticks() > before);
    };
    await grow('the grandchild runs');
    await engine.sleep(ref);
    const frozen = ticks();
    // Another process's clock shows that time passes while the frozen one's stands still.
    await new Promise((resolve) => spawn('sleep', ['0.2']).once('exit', resolve));
    expect(ticks()).toBe(frozen);
    await engine.wake(ref);
    await grow('the grandchild runs again');
    await engine.sleep(ref);
    await engine.stop(ref, { graceMs: 300 });
    const left = readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(`INSTANCE_ID=${ref}`);
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
  });

  it('says that an address is not its own when somebody else listens there', async () => {
    const { ref, address } = await start({ LISTEN: '0' });
    await until('it listens somewhere', async () => ((await engine.listeners(ref)) ?? []).length > 0);
    expect((await engine.listeners(ref))?.map(({ port }) => port)).not.toContain(address.port);
    expect(await engine.ownsAddress(ref, address)).toBe(false);
    const stranger = createServer().listen(address.port, '127.0.0.1');
    onTestFinished(() => void stranger.close());
    await until('the stranger listens', () => stranger.listening);
    expect(await engine.ownsAddress(ref, address)).toBe(false);
  });

  it('gives no port that somebody listens on', async () => {
    const first = 19_990;
    const strangers = [first, first + 1].map((port) => createServer().listen(port));
    onTestFinished(() => void strangers.map((server) => server.close()));
    await until('they listen', () => strangers.every((server) => server.listening));
    const other = await createProcessEngine({
      ...options,
      dataDir: options.dataDir,
      portRange: { first, last: first + 2 },
    });
    onTestFinished(() => other.close());
    const { address } = await start({}, other);
    expect(address.port).toBe(first + 2);
    const full = instanceOf(appId, image);
    await expect(other.start(full, NEVER)).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(await other.inspect(full.instanceId)).toBeNull();
  });

  it('notices the end of an adopted instance, and starts it again when it should run', async () => {
    const { ref, address } = await start();
    const { pid } = await answer(address);
    await engine.setRestart(ref, true);
    await engine.close();
    const events: EngineEvent[] = [];
    const stop = new AbortController();
    engine = await createProcessEngine(options);
    const watching = engine.watch((event) => events.push(event), stop.signal);
    expect(await engine.inspect(ref)).toMatchObject({ status: 'running', address });
    process.kill(pid, 'SIGKILL');
    await until('the restart is told', () => events.some(({ type }) => type === 'restarted'));
    expect((await answer(address)).pid).not.toBe(pid);
    expect(events.map(({ type }) => type)).toEqual(['exited', 'restarted']);
    stop.abort();
    await watching;
  });

  it('starts again at its start what ended while Teal was away', async () => {
    const { ref, address } = await start();
    const { pid } = await answer(address);
    await engine.setRestart(ref, true);
    await engine.close();
    process.kill(pid, 'SIGKILL');
    engine = await createProcessEngine(options);
    expect((await until('it runs again', () => ask<Told>(address))).pid).not.toBe(pid);
    expect(await engine.inspect(ref)).toMatchObject({ status: 'running' });
  });

  it('takes no process that only has the number of its own', async () => {
    const { ref, address } = await start();
    const { pid } = await answer(address);
    await engine.close();
    const file = join(options.dataDir, 'instances', ref, 'instance.json');
    const record = JSON.parse(readFileSync(file, 'utf8'));
    const stranger = spawn('sleep', ['60'], { detached: true });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    writeFileSync(file, JSON.stringify({ ...record, process: { ...record.process, pid: stranger.pid } }));
    engine = await createProcessEngine(options);
    await until('it is seen as ended', async () => (await engine.inspect(ref))?.status === 'exited');
    await engine.stop(ref, { graceMs: 0 });
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    // What carries the instance's own mark is still its own.
    await until(
      'the real one is gone',
      () => !existsSync(`/proc/${pid}/fd`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '),
    );
  });

  it('keeps output within bounds and follows it over the cut', async () => {
    const { ref, address } = await start({ FLOOD: '130000' });
    await answer(address);
    const log = join(options.dataDir, 'instances', ref, 'output.log');
    await until('the file is cut', () => existsSync(`${log}.1`) && readFileSync(log).length < 10 * 1024 * 1024);
    const lines: string[] = [];
    for await (const line of engine.logs(ref, { tailLines: 5, follow: false })) lines.push(line);
    expect(lines).toHaveLength(5);
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([99]));
  });

  it('installs again only when what decides the dependencies changes', { timeout: 60_000 }, async () => {
    const app = `app_${randomUUID()}`;
    const manifest = (extra: object) =>
      JSON.stringify({ ...MANIFEST, dependencies: { 'left-pad': '1.3.0' }, ...extra });
    const tree = (text: string, extra: object = {}) =>
      memorySource({ 'package.json': manifest(extra), 'server.js': `require('left-pad'); // ${text}\n${SERVER}` });
    const installs = async (source: ReturnType<typeof memorySource>, fresh = false) => {
      const { outcome, lines, ref } = await buildWith(engine, { appId: app, source, fresh });
      expect(outcome).toMatchObject({ ok: true });
      const kept = join(options.dataDir, 'images', ref, 'app/node_modules/left-pad/index.js');
      expect(existsSync(kept)).toBe(true);
      return lines.some((line) => line.startsWith('$ npm install'));
    };
    expect(await installs(tree('one'))).toBe(true);
    expect(await installs(tree('two'))).toBe(false);
    expect(await installs(tree('two', { version: '2.0.0' }))).toBe(true);
    expect(await installs(tree('two'), true)).toBe(true);
  });

  it('builds and runs Python, from kept dependencies too', { timeout: 90_000 }, async () => {
    const app = `app_${randomUUID()}`;
    const server = (version: string) => `
import http.server, os, json, markupsafe
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps({"version": "${version}", "at": markupsafe.__file__}).encode())
http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
`;
    const tree = (version: string) =>
      memorySource({
        'requirements.txt': 'markupsafe==3.0.2\n',
        Procfile: 'web: python app.py\n',
        'app.py': server(version),
      });
    await buildWith(engine, { appId: app, source: tree('one') });
    const second = await buildWith(engine, { appId: app, source: tree('two') });
    expect(second.lines.join('\n')).toMatch(/nothing to install/);
    const pip = readFileSync(join(options.dataDir, 'images', second.ref, 'app/.venv/bin/pip'), 'utf8');
    expect(pip.split('\n', 1)[0]).toContain(second.ref);
    const instance = await engine.start(instanceOf(app, second.ref), NEVER);
    onTestFinished(() => engine.stop(instance.ref, { graceMs: 0 }));
    const told = await until('it answers', () => ask<{ version: string; at: string }>(instance.address));
    expect(told.version).toBe('two');
    expect(told.at).toContain(second.ref);
  });

  it('serves a static site', async () => {
    const app = `app_${randomUUID()}`;
    const { ref } = await buildWith(engine, { appId: app, source: memorySource({ 'index.html': '{"page": "home"}' }) });
    const instance = await engine.start(instanceOf(app, ref), NEVER);
    onTestFinished(() => engine.stop(instance.ref, { graceMs: 0 }));
    expect(await until('it answers', () => ask(instance.address))).toEqual({ page: 'home' });
  });

  it('says so when the app asks for another Node', async () => {
    const source = memorySource({
      'package.json': JSON.stringify({ ...MANIFEST, engines: { node: '20.x' } }),
      'server.js': SERVER,
    });
    const { lines } = await buildWith(engine, { appId: `app_${randomUUID()}`, source });
    expect(lines.join('\n')).toMatch(/asks for Node 20.*has Node 24/);
  });

  it('writes no source outside its folder', async () => {
    const target = mkdtempSync(join(tmpdir(), 'teal-outside-'));
    chmodSync(target, 0o777);
    onTestFinished(() => rmSync(target, { recursive: true, force: true }));
    const files = (more: Parameters<typeof memorySource>[0]) =>
      memorySource({ 'package.json': JSON.stringify(MANIFEST), 'server.js': SERVER, ...more });
    const link = { kind: 'symlink' as const, content: target };
    const built = await buildWith(engine, { appId, source: files({ 'a-link': link, 'a-link/inside.txt': 'x' }) }).catch(
      (error: unknown) => error,
    );
    expect(built).toBeDefined();
    expect(readdirSync(target)).toEqual([]);
    const images = await engine.listImages();
    await expect(buildWith(engine, { appId, source: files({ '../../up.txt': 'x' }) })).rejects.toMatchObject({
      code: 'source_unsafe',
    });
    expect(await engine.listImages()).toEqual(images);
    expect(readdirSync(join(options.dataDir, 'images')).sort()).toEqual([...images].sort());
  });

  it('refuses to run apps as root', async () => {
    if (process.getuid?.() !== 0) return;
    await expect(createProcessEngine({ ...options, runAs: null })).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
  });
});

describe('what the kernel prints', () => {
  it.each([
    ['0100007F', '127.0.0.1'],
    ['00000000', '0.0.0.0'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['0000000000000000FFFF00000100007F', '::ffff:127.0.0.1'],
    ['B80D0120000000000000000001000000', '2001:db8::1'],
  ])('reads the address %s', (hex, text) => {
    expect(readAddress(hex)).toBe(text);
  });

  it('takes listening sockets only', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1',
      '   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1',
    ].join('\n');
    expect(parseSockets(table)).toEqual([{ host: '127.0.0.1', port: 8080, inode: '4711' }]);
  });
});

it('cuts output into lines, endless ones in pieces', () => {
  const lines: string[] = [];
  const cutter = lineCutter((line) => lines.push(line));
  for (const chunk of ['on', 'e\ntwo\n', '\n', 'x'.repeat(40_000), 'end']) cutter.push(chunk);
  cutter.end();
  expect(lines.slice(0, 3)).toEqual(['one', 'two', '']);
  expect(lines.slice(3).join('')).toBe(`${'x'.repeat(40_000)}end`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(16_384);
});
