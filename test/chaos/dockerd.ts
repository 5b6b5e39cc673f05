/** A Docker daemon of our own, which may be killed: own folders, socket, bridge and containerd; never the machine's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import { until } from '../conformance/until.ts';
import { command } from './command.ts';

const BRIDGE_ADDRESS = '10.249.0.1/24';
/** Where the apps' networks are taken from. */
export const SUBNETS = '10.248.0.0/16';
/** What the app of these runs is built on. */
const BASES = /^teal\/node:/;

const START_TRIES = 3;

export interface DockerdOptions {
  /** For everything of this daemon; made here, removed by `destroy`. */
  dir: string;
  /** Size of the tmpfs that images and containers are in, as mount wants it. */
  disk: string;
  /** Default: in `dir`. */
  logFile?: string;
}

export class OwnDockerd {
  readonly socketPath: string;
  readonly docker: Docker;
  /** The file system that images and containers are in. */
  readonly dataDir: string;
  readonly #dir: string;
  readonly #logFile: string;
  readonly #bridge: string;
  #child: ChildProcess | null = null;

  private constructor({ dir, logFile = join(dir, 'dockerd.log') }: DockerdOptions) {
    this.#dir = dir;
    this.#logFile = logFile;
    this.dataDir = join(dir, 'data');
    this.socketPath = join(dir, 'd.sock');
    this.docker = new Docker({ socketPath: this.socketPath, timeout: 10_000 });
    this.#bridge = `tc${process.pid}`;
  }

  static async start(options: DockerdOptions): Promise<OwnDockerd> {
    const { dir, disk } = options;
    const daemon = new OwnDockerd(options);
    await mkdir(daemon.dataDir, { recursive: true });
    await command('mount', ['-t', 'tmpfs', '-o', `size=${disk},mode=0711`, 'teal-chaos-docker', daemon.dataDir]);
    // The machine's own would speak of its own daemon.
    await writeFile(join(dir, 'daemon.json'), '{}');
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

  /** Answers when it resolves. One that gives up, as it does over a containerd that is dying, is started again, as an init system would. */
  async up(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.#containerdGone();
      const child = this.#spawn();
      const answers = () => this.docker.ping().then(Boolean, () => child.exitCode !== null);
      await until('the Docker daemon answers', answers, 60_000);
      if (child.exitCode === null) return;
      if (tries === START_TRIES) throw new Error(`dockerd ends with ${child.exitCode}; see ${this.#logFile}`);
    }
  }

  #spawn(): ChildProcess {
    const { socketPath } = this;
    const log = openSync(this.#logFile, 'a');
    const path = (name: string) => join(this.#dir, name);
    rmSync(path('pid'), { force: true });
    const places = ['--data-root', this.dataDir, '--exec-root', path('exec'), '--pidfile', path('pid')];
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
    const child = spawn('dockerd', args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    closeSync(log);
    this.#child = child;
    return child;
  }

  /** It dies with its daemon, a moment later; a daemon that meets it takes it for one that lives. */
  async #containerdGone(): Promise<void> {
    const pid = await readFile(join(this.#dir, 'exec/containerd/containerd.pid'), 'utf8').catch(() => '');
    if (pid === '') return;
    const line = () => readFile(`/proc/${pid.trim()}/cmdline`, 'utf8').catch(() => '');
    await until('containerd has ended', async () => !(await line()).includes(`${this.#dir}/`), 20_000);
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
