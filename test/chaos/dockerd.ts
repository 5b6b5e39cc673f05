/** A Docker daemon of our own, which may be killed: own folders, socket, bridge and containerd; never the machine's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import { until } from '../conformance/until.ts';
import { command } from './command.ts';

const BRIDGE_ADDRESS = '10.249.0.1/24';
/** Where the apps' networks are taken from. */
export const SUBNETS = '10.248.0.0/16';
const BASES = /^teal\/(node|debian):/;

export class OwnDockerd {
  readonly socketPath: string;
  readonly docker: Docker;
  readonly #dir: string;
  readonly #bridge: string;
  #child: ChildProcess | null = null;

  private constructor(dir: string) {
    this.#dir = dir;
    this.socketPath = join(dir, 'd.sock');
    this.docker = new Docker({ socketPath: this.socketPath, timeout: 10_000 });
    this.#bridge = `tc${process.pid}`;
  }

  static async start(dir: string): Promise<OwnDockerd> {
    await mkdir(dir, { recursive: true });
    // The machine's own would speak of its own daemon.
    await writeFile(join(dir, 'daemon.json'), '{}');
    const daemon = new OwnDockerd(dir);
    await command('ip', ['link', 'add', daemon.#bridge, 'type', 'bridge']);
    await command('ip', ['addr', 'add', BRIDGE_ADDRESS, 'dev', daemon.#bridge]);
    await command('ip', ['link', 'set', daemon.#bridge, 'up']);
    try {
      await daemon.up();
      await daemon.#copyBases();
      return daemon;
    } catch (error) {
      await daemon.destroy().catch(() => {});
      throw error;
    }
  }

  /** Answers when it resolves. */
  async up(): Promise<void> {
    const { socketPath } = this;
    const log = openSync(join(this.#dir, 'dockerd.log'), 'a');
    const path = (name: string) => join(this.#dir, name);
    await rm(path('pid'), { force: true });
    const places = ['--data-root', path('data'), '--exec-root', path('exec'), '--pidfile', path('pid')];
    const apart = ['--containerd-namespace', this.#bridge, '--containerd-plugins-namespace', `${this.#bridge}p`];
    // Its rules would take the place of the machine's own daemon's.
    const network = ['--bridge', this.#bridge, '--iptables=false', '--ip-masq=false'];
    const args = [
      '-H',
      `unix://${socketPath}`,
      ...places,
      ...apart,
      ...network,
      '--live-restore',
      '--config-file',
      path('daemon.json'),
    ];
    this.#child = spawn('dockerd', args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    await until('the Docker daemon answers', () => this.docker.ping().then(Boolean, () => false), 180_000);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Removes every container, then the daemon and all that it left. */
  async destroy(): Promise<void> {
    await this.#empty().catch(() => {});
    await this.end('SIGTERM');
    await this.#endLeftovers();
    await command('ip', ['link', 'del', this.#bridge]).catch(() => '');
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
    for (const mount of mounts.filter((path) => path.startsWith(`${this.#dir}/`)).reverse()) {
      await command('umount', ['-l', mount]).catch(() => '');
    }
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #empty(): Promise<void> {
    if (this.#child === null) await this.up();
    for (const { Id } of await this.docker.listContainers({ all: true })) {
      await this.docker.getContainer(Id).remove({ force: true, v: true });
    }
    for (const { Name } of await this.docker.listNetworks()) {
      if (Name.startsWith('teal-')) await this.docker.getNetwork(Name).remove();
    }
  }

  /** Shims and a containerd that outlived it; known by our folder in their command line. */
  async #endLeftovers(): Promise<void> {
    for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
      const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
      if (/^[^\0]*(containerd|dockerd)/.test(line) && line.includes(`${this.#dir}/`)) {
        process.kill(Number(name), 'SIGKILL');
      }
    }
  }

  /** Making a base image takes a minute; the machine's own daemon may have them. */
  async #copyBases(): Promise<void> {
    const machine = new Docker();
    const images = await machine.listImages().catch(() => []);
    const names = images.flatMap((image) => image.RepoTags ?? []).filter((tag) => BASES.test(tag));
    if (names.length === 0) return;
    const save = spawn('docker', ['save', ...names], { stdio: ['ignore', 'pipe', 'ignore'] });
    const load = spawn('docker', ['-H', `unix://${this.socketPath}`, 'load'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const loaded = once(load, 'exit');
    await pipeline(save.stdout, load.stdin);
    await loaded;
  }
}
