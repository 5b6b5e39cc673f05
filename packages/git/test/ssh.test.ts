/** Git over SSH with OpenSSH's own client, and what else a client may ask of the port. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TealError } from '@teal/core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readPublicKey } from '../src/index.ts';
import {
  commit,
  eventually,
  git,
  gitOk,
  makeClone,
  processesIn,
  startGit,
  startServer,
  type TestServer,
} from './server.ts';

const run = promisify(execFile);
const LIMITS = { maxStrangers: 4, loginDeadlineMs: 700, maxCommands: 2 };

let server: TestServer;
let port: number;
let keys: string;
let clone: string;
/** Who has which key: fingerprint → name. */
const known = new Map<string, string>();

async function makeKey(name: string, ...type: string[]): Promise<string> {
  await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', join(keys, name), '-t', ...type]);
  return fingerprint(name);
}

async function fingerprint(name: string): Promise<string> {
  const read = readPublicKey(await readFile(join(keys, `${name}.pub`), 'utf8'));
  if ('problem' in read) throw new Error(read.problem);
  return read.fingerprint;
}

const sshArgs = (key: string) => [
  ...['-F', '/dev/null', '-p', String(port), '-i', join(keys, key), '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
  ...[
    '-o',
    `UserKnownHostsFile=${join(keys, 'known_hosts')}`,
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-o',
    'LogLevel=ERROR',
  ],
];

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function startSsh(key: string, args: string[], environment: Record<string, string> = {}) {
  const child = spawn('ssh', [...sshArgs(key), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: keys, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...output })));
  return { child, ended, output };
}

function ssh(key: string, args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const { child, ended } = startSsh(key, args, environment);
  child.stdin.end();
  return ended;
}

const with_ = (key: string, ...args: string[]) => ['-c', `core.sshCommand=ssh ${sshArgs(key).join(' ')}`, ...args];
const url = (app: string) => `ssh://git@127.0.0.1:${port}/${app}.git`;

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'teal-keys-'));
  server = await startServer({ apps: ['shop', 'blog', 'foreign'] });
  server.script.authenticateKey = (print) => known.get(print) ?? null;
  const door = await server.remote.listenSsh({
    host: '127.0.0.1',
    port: 0,
    hostKeyFile: join(server.folder, 'host-key'),
    limits: LIMITS,
  });
  port = door.port;
  known.set(await makeKey('ada', 'ed25519'), 'Ada');
  known.set(await makeKey('rsa', 'rsa', '-b', '2048'), 'Ada');
  known.set(await makeKey('p256', 'ecdsa', '-b', '256'), 'Ada');
  known.set(await makeKey('p521', 'ecdsa', '-b', '521'), 'Ada');
  await makeKey('stranger', 'ed25519');
  clone = await makeClone(server, 'clone', { 'index.html': 'hello' });
});
afterAll(async () => {
  await server?.close();
  await rm(keys, { recursive: true, force: true });
});

describe('git over SSH', () => {
  test('pushes with the hooks, the lines and the options of any push', async () => {
    server.script.lines = async function* () {
      yield 'building';
      yield 'live at http://shop.test/';
    };
    const head = await gitOk(clone, ['rev-parse', 'HEAD']);
    const result = await git(clone, with_('ada', 'push', '-o', 'note=hello there', url('shop'), 'main'));
    expect(result.stderr).toContain('remote: live at http://shop.test/');
    expect(result).toMatchObject({ code: 0 });
    expect(server.script.landed.at(-1)).toMatchObject({
      access: { appId: 'app_shop', principal: { name: 'Ada' } },
      commands: [{ newCommit: head, ref: 'refs/heads/main' }],
      options: ['note=hello there'],
    });
    expect(await gitOk(clone, ['--git-dir', server.repository('shop'), 'rev-parse', 'main'])).toBe(head);
    server.script.lines = async function* () {};
  });

  test('says that everything is there, and moves nothing, when a push has nothing to send', async () => {
    const before = server.script.accepted.length;
    const result = await git(clone, with_('ada', 'push', url('shop'), 'main'));
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('up-to-date') });
    expect(server.script.accepted.length).toBe(before);
  });

  test.each(['ada', 'rsa', 'p256', 'p521'])('fetches, with a key of any kind: %s', async (key) => {
    const copy = join(server.folder, `copy-${key}`);
    expect(await git(server.folder, with_(key, 'clone', '-q', url('shop'), copy))).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await readFile(join(copy, 'index.html'), 'utf8')).toBe('hello');
    await commit(clone, { 'more.txt': key });
    expect((await git(clone, with_(key, 'push', '-q', url('shop'), 'main'))).code).toBe(0);
    await gitOk(copy, with_(key, 'pull', '-q', '--no-rebase'));
    expect(await readFile(join(copy, 'more.txt'), 'utf8')).toBe(key);
  });

  test('speaks version 2 of the protocol to a client that wishes it', async () => {
    const traced = startGit(clone, with_('ada', '-c', 'protocol.version=2', 'ls-remote', url('shop')), undefined);
    expect((await traced.result).stdout).toContain('refs/heads/main');
    const asked = startSsh('ada', [
      '-o',
      'SetEnv=GIT_PROTOCOL=version=2',
      'git@127.0.0.1',
      "git-upload-pack '/shop.git'",
    ]);
    await eventually(() => asked.output.stdout.includes('version 2'));
    asked.child.kill();
    await asked.ended;
  });

  test('deletes a branch, which sends no pack', async () => {
    await gitOk(clone, with_('ada', 'push', '-q', url('shop'), 'main:other'));
    expect((await git(clone, with_('ada', 'push', url('shop'), ':other'))).code).toBe(0);
    expect(
      (await git(clone, ['--git-dir', server.repository('shop'), 'rev-parse', '--verify', 'other'])).code,
    ).not.toBe(0);
  });

  test('shows why a push is refused, by Teal and by its guard, and does not hang', async () => {
    await commit(clone, { 'big.bin': Buffer.alloc(3_000_000, 'x1') });
    server.script.accept = () => {
      throw new TealError('push_not_ready');
    };
    const refused = await git(clone, with_('ada', 'push', url('shop'), 'main'));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Push again in a moment') });
    server.script.accept = () => {};
    const foreign = await git(clone, with_('ada', 'push', url('shop'), 'main:refs/custom/x'));
    expect(foreign).toMatchObject({ code: 1, stderr: expect.stringContaining('keeps branches and tags only') });
    const option = await git(clone, with_('ada', 'push', '-o', 'x; rm -rf /', url('shop'), 'main'));
    expect(option).toMatchObject({ code: 1, stderr: expect.stringContaining('is not known') });
  });

  test('gives a missing repository and one of others the same answer', async () => {
    const answers = await Promise.all(
      ['missing', 'foreign'].map((app) => git(clone, with_('ada', 'ls-remote', url(app)))),
    );
    expect(answers[0]?.stderr).toContain('There is no repository here');
    expect(answers[1]).toEqual(answers[0]);
  });

  test('ends git when its client is killed, mid-push and mid-fetch', async () => {
    await commit(clone, { 'noise.bin': Buffer.from(Array.from({ length: 2_000_000 }, () => Math.random() * 256)) });
    const before = server.script.landed.length;
    const push = startGit(clone, with_('ada', 'push', url('shop'), 'main'));
    await eventually(async () => (await processesIn(server.repository('shop'))).length > 0);
    process.kill(-(push.pid ?? 0), 'SIGKILL');
    const fetch = startSsh('ada', ['git@127.0.0.1', "git-upload-pack 'shop'"]);
    await eventually(() => fetch.output.stdout.length > 0);
    fetch.child.kill('SIGKILL');
    await eventually(async () => (await processesIn(server.repository('shop'))).length === 0);
    expect(server.script.landed.length - before).toBeLessThanOrEqual(1);
  });
});

describe('the host key', () => {
  test('is made once, for its owner alone', async () => {
    const file = join(server.folder, 'host-key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const known = (await readFile(join(keys, 'known_hosts'), 'utf8')).trim().split('\n');
    expect(known).toHaveLength(1);
  });
});

// Case 19 of the attack list; over the whole platform again in test/attacks.
describe('the SSH port gives nothing but git', () => {
  const host = 'git@127.0.0.1';
  test.each([
    ['a shell', ['-T', host]],
    ['a terminal', ['-tt', host]],
    ['another command', [host, 'id']],
    ['a command after git', [host, "git-upload-pack '/shop.git'; id"]],
    ['another command of git', [host, "git-upload-archive '/shop.git'"]],
    ['an option for a path', [host, "git-upload-pack '--upload-pack=id'"]],
    ['a path that leads out', [host, "git-receive-pack '/../../etc'"]],
    ['a path that leads out, with an app in it', [host, "git-receive-pack '/shop.git/../blog.git'"]],
    ['a substitution', [host, 'git-upload-pack "$(id)"']],
    ['sftp', ['-s', host, 'sftp']],
  ])('and no %s', async (_what, args) => {
    const { code, stdout, stderr } = await ssh('ada', args);
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).not.toContain('uid=');
    expect(stderr).not.toBe('');
    expect(await processesIn(server.repositories)).toEqual([]);
  });

  test('and no forwarding, of ports or sockets, either way', async () => {
    for (const forward of [`-W127.0.0.1:${server.port}`, '-W/var/run/docker.sock:0']) {
      const { code, stdout } = await ssh('ada', [forward, host]);
      expect({ failed: code !== 0, stdout }).toEqual({ failed: true, stdout: '' });
    }
    const back = await ssh('ada', ['-o', 'ExitOnForwardFailure=yes', '-N', '-R', '0:127.0.0.1:1', host]);
    expect(back.code).not.toBe(0);
  });

  test('and takes no variable but git’s wish for a version', async () => {
    const evil = [
      'LD_PRELOAD=/tmp/x.so',
      'GIT_SSH_COMMAND=id',
      'GIT_CONFIG_COUNT=1',
      'GIT_PROTOCOL=version=2:evil=$(id)',
    ];
    for (const variable of evil) {
      const asked = startSsh('ada', ['-o', `SetEnv=${variable}`, host, "git-upload-pack '/shop.git'"]);
      await eventually(() => asked.output.stdout.includes('refs/heads/main'));
      const environments = await Promise.all(
        (await pidsIn(server.repository('shop'))).map((pid) =>
          readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
        ),
      );
      for (const text of environments) expect(text).not.toContain(variable);
      asked.child.kill();
      await asked.ended;
    }
  });
});

async function pidsIn(folder: string): Promise<number[]> {
  const { stdout } = await run('pgrep', ['-f', folder]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}

describe('whoever has no key', () => {
  test('is let in by no other way, and starts no process', async () => {
    for (const more of [
      [],
      ['-o', 'PreferredAuthentications=password,keyboard-interactive,hostbased,gssapi-with-mic'],
    ]) {
      const { code, stderr } = await ssh('stranger', [...more, 'git@127.0.0.1', "git-upload-pack '/shop.git'"]);
      expect({ code, denied: stderr.includes('Permission denied (publickey)') }).toEqual({ code: 255, denied: true });
    }
    expect(await processesIn(server.repositories)).toEqual([]);
  });

  test('cannot hold more than a few connections, nor for long, and those with a key get in', async () => {
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    let closed = 0;
    for (let count = 0; count < 20; count += 1) {
      const socket = connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume();
      socket.once('close', () => {
        closed += 1;
      });
      sockets.push(socket);
    }
    await eventually(() => closed >= 20 - LIMITS.maxStrangers);
    await eventually(() => closed === 20);
    expect((await ssh('ada', ['git@127.0.0.1', "git-upload-pack '/shop.git'"])).stdout).toContain('refs/heads/main');
  });

  test('may send what is no SSH at all', async () => {
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      'SSH-2.0-x\r\n',
      Buffer.alloc(100_000, 0xff),
      'SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14',
    ]) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(bytes);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect((await ssh('ada', ['git@127.0.0.1', "git-upload-pack '/shop.git'"])).stdout).toContain('refs/heads/main');
  });
});

describe('a key that is removed', () => {
  test('does not get in again, and what runs by it ends', async () => {
    const print = await makeKey('gone', 'ed25519');
    known.set(print, 'Gone');
    const asked = startSsh('gone', ['git@127.0.0.1', "git-upload-pack '/shop.git'"]);
    await eventually(() => asked.output.stdout.includes('refs/heads/main'));
    known.delete(print);
    server.remote.dropKey(print);
    expect((await asked.ended).code).not.toBe(0);
    expect((await ssh('gone', ['git@127.0.0.1', "git-upload-pack '/shop.git'"])).code).toBe(255);
    await eventually(async () => (await processesIn(server.repository('shop'))).length === 0);
  });

  test('starts no further command on a connection that it opened', async () => {
    const print = await makeKey('shared', 'ed25519');
    known.set(print, 'Shared');
    const control = ['-o', `ControlPath=${join(keys, 'control')}`];
    const master = startSsh('shared', [
      ...control,
      '-o',
      'ControlMaster=yes',
      'git@127.0.0.1',
      "git-upload-pack '/shop.git'",
    ]);
    await eventually(() => master.output.stdout.includes('refs/heads/main'));
    known.delete(print);
    const { code, stderr } = await ssh('shared', [...control, 'git@127.0.0.1', "git-upload-pack '/shop.git'"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('not known here any more');
    master.child.kill();
    await master.ended;
  });
});

describe('a public key', () => {
  test.each([
    ['', 'must begin with'],
    ['ssh-dss AAAAB3NzaC1kc3M=', 'must begin with'],
    ['ssh-ed25519', 'damaged'],
    ['ssh-ed25519 AAAA', 'damaged'],
    ['ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBsLm7Gb4pzEMyPaHdz9d0ytgqYgJYDIWLvWPeXQQ2xB', 'damaged'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n', 'private'],
    ['ssh-ed25519 AAAA\nssh-ed25519 BBBB', 'one line'],
  ])('that is none is refused with what is wrong: %j', (line, problem) => {
    expect(readPublicKey(line)).toMatchObject({ problem: expect.stringContaining(problem) });
  });

  test('of RSA is refused when it is short', async () => {
    await run('ssh-keygen', ['-q', '-N', '', '-f', join(keys, 'short'), '-t', 'rsa', '-b', '1024']);
    expect(readPublicKey(await readFile(join(keys, 'short.pub'), 'utf8'))).toMatchObject({
      problem: expect.stringContaining('1024'),
    });
  });
});
