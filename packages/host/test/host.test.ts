import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findAccount } from '../src/account.ts';
import { failureLine, isLocked } from '../src/apt.ts';
import { daemonFlags, dockerSocket, explainPing, pingDocker } from '../src/docker.ts';
import { prepareHost } from '../src/prepare.ts';
import { commandEnvironment, findExecutable, searchPath } from '../src/run.ts';
import { describeMissing, missingWants, whyNotInstall } from '../src/want.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'teal-host-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('what is missing', () => {
  it('takes any of the executables for the thing, and asks for each thing once', () => {
    const has = (name: string) => ['dockerd', 'google-chrome'].includes(name);
    expect(missingWants(['docker', 'chromium', 'redis', 'redis'], has)).toEqual(['redis']);
  });

  it('is not fooled by a docker client without an engine', () => {
    expect(missingWants(['docker'], (name) => name === 'docker')).toEqual(['docker']);
  });

  it('says what the lack means and what brings it', () => {
    expect(describeMissing('docker', 'installing needs root').sentence).toMatch(
      /no isolation.*apt-get install docker\.io/,
    );
  });

  it.each([
    [{ install: false, isRoot: true, hasApt: true }, /--no-install/],
    [{ install: true, isRoot: false, hasApt: true }, /root/],
    [{ install: true, isRoot: true, hasApt: false }, /apt-get/],
  ])('installs nothing with %j', (facts, why) => {
    expect(whyNotInstall(facts)).toMatch(why);
  });

  it('installs as root where apt-get is', () => {
    expect(whyNotInstall({ install: true, isRoot: true, hasApt: true })).toBeNull();
  });
});

describe('apt', () => {
  it('tells a lock from a failure', () => {
    expect(isLocked('E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)')).toBe(true);
    expect(isLocked('E: Unable to locate package nothing-such')).toBe(false);
  });

  it('picks the line that tells most', () => {
    expect(failureLine('Reading package lists...\nE: Unable to locate package x\n\n')).toBe(
      'E: Unable to locate package x',
    );
    expect(failureLine('')).toBe('no output');
  });
});

describe('docker', () => {
  it('leaves out the flags that the configuration file sets', () => {
    expect(daemonFlags(null)).toEqual(['--live-restore', '--log-level=warn']);
    expect(daemonFlags('{"live-restore": true}')).toEqual(['--log-level=warn']);
    expect(daemonFlags('not json')).toEqual(['--live-restore', '--log-level=warn']);
  });

  it('uses the socket that DOCKER_HOST names, and only a socket', () => {
    expect(dockerSocket({ DOCKER_HOST: 'unix:///run/user/7/docker.sock' })).toBe('/run/user/7/docker.sock');
    expect(dockerSocket({ DOCKER_HOST: 'tcp://10.0.0.1:2375' })).toBe('/var/run/docker.sock');
    expect(dockerSocket({})).toBe('/var/run/docker.sock');
  });

  it('tells no daemon, no right and no answer apart', async () => {
    const folder = temporaryFolder();
    const socketPath = join(folder, 'd.sock');
    expect(await pingDocker(socketPath)).toBe('ENOENT');
    let status = 503;
    const server = createServer((_request, response) => response.writeHead(status).end('OK'));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    expect(await pingDocker(socketPath)).toBe('status 503');
    status = 200;
    expect(await pingDocker(socketPath)).toBeNull();
    expect(explainPing('EACCES', socketPath)).toMatch(/group "docker"/);
    expect(explainPing('ENOENT', socketPath)).toMatch(/no Docker daemon/);
  });

  it('with --no-install says what the lack of it means, and does nothing', async () => {
    const lines: string[] = [];
    const report = await prepareHost({
      want: ['docker'],
      install: false,
      say: (line) => lines.push(line),
      environment: { DOCKER_HOST: `unix://${temporaryFolder()}/none.sock` },
    });
    expect(report.docker).toMatchObject({ available: false, startedByUs: false });
    expect(lines.join('\n')).toMatch(/no isolation/);
  });
});

describe('the environment of system commands', () => {
  it('carries proxies and locale, not what steers npm or Node', () => {
    const environment = commandEnvironment({ http_proxy: 'p', LANG: 'C', NODE_OPTIONS: '-x', npm_config_x: '1' });
    expect(environment).toMatchObject({ http_proxy: 'p', LANG: 'C' });
    expect(Object.keys(environment).sort()).toEqual(['HOME', 'LANG', 'PATH', 'http_proxy']);
  });

  it('finds the tools in /usr/sbin although the PATH leaves them out', () => {
    expect(searchPath({ PATH: '/opt/x:relative:' })).toEqual(expect.arrayContaining(['/opt/x', '/usr/sbin']));
    expect(searchPath({ PATH: 'relative' })).not.toContain('relative');
    expect(findExecutable('sh', {})).toMatch(/\/sh$/);
    expect(findExecutable('no-such-tool', {})).toBeNull();
  });
});

describe('accounts', () => {
  it('reads the numbers of a whole name only', () => {
    const passwd = 'root:x:0:0::/root:/bin/sh\nteal-runner:x:7:8::/:/x\nteal-run:x:998:997::/:/x\n';
    expect(findAccount(passwd, 'teal-run')).toEqual({ uid: 998, gid: 997 });
    expect(findAccount(passwd, 'teal')).toBeNull();
  });

  it('are the same on a second call, which says nothing', async () => {
    const first = await prepareHost({ want: [], install: false, say: () => {} });
    const lines: string[] = [];
    const second = await prepareHost({ want: [], install: true, say: (line) => lines.push(line) });
    expect(second.accounts).toEqual(first.accounts);
    expect(lines).toEqual([]);
    if (process.getuid?.() === 0) expect(second.accounts?.run.uid).not.toBe(second.accounts?.postgres.uid);
    else expect(second.accounts).toBeNull();
  });
});
