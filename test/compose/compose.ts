/** `docker compose` with this repository's file, as a user calls it; the plug-in where it is, else the program of before. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { docker } from './images.ts';

const run = promisify(execFile);
const ROOT_DIR = join(import.meta.dirname, '../..');
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/** Behind a company's proxy builds trust its certificate too: what a user there would write into an override file. */
const OVERRIDE = `services:
  teal:
    environment:
      TEAL_CA_FILE: ${BUNDLE}
    volumes:
      - ${BUNDLE}:${BUNDLE}:ro
`;

async function composeCommand(): Promise<string[]> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [file = '', ...args] = command;
    if (
      await run(file, [...args, 'version']).then(
        () => true,
        () => false,
      )
    )
      return command;
  }
  throw new Error(
    'docker-compose.yml cannot be tested: neither `docker compose` nor `docker-compose` is here (Debian: apt-get install docker-compose)',
  );
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export class Compose {
  readonly project = `teal-test-${process.pid}`;
  readonly image = `teal-test:${process.pid}`;
  readonly consolePort: number;
  readonly httpPort: number;
  readonly #command: readonly string[];
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(command: readonly string[], folder: string, ports: readonly number[]) {
    const [consolePort = 0, httpPort = 0, postgresPort = 0, redisPort = 0, httpsPort = 0] = ports;
    this.consolePort = consolePort;
    this.httpPort = httpPort;
    this.#command = command;
    this.#folder = folder;
    this.#environment = {
      ...process.env,
      // The classic builder is in every engine; the newer one is a plug-in that may be missing.
      DOCKER_BUILDKIT: '0',
      COMPOSE_DOCKER_CLI_BUILD: '0',
      TEAL_IMAGE: this.image,
      TEAL_CONSOLE_PORT: String(consolePort),
      TEAL_HTTP_PORT: String(httpPort),
      TEAL_HTTPS_PORT: String(httpsPort),
      TEAL_POSTGRES_PORT: String(postgresPort),
      TEAL_REDIS_PORT: String(redisPort),
      TEAL_POSTGRES_PASSWORD: 'secret-of-postgres',
      TEAL_REDIS_PASSWORD: 'secret-of-redis',
    };
  }

  static async prepare(): Promise<Compose> {
    const command = await composeCommand();
    const folder = await mkdtemp(join(tmpdir(), 'teal-compose-'));
    await writeFile(join(folder, 'override.yml'), OVERRIDE);
    return new Compose(command, folder, await freePorts(5));
  }

  async run(...args: string[]): Promise<string> {
    const [file = '', ...first] = this.#command;
    const files = ['-f', join(ROOT_DIR, 'docker-compose.yml'), '-f', join(this.#folder, 'override.yml')];
    const all = [...first, '-p', this.project, '--project-directory', ROOT_DIR, ...files, ...args];
    const options = { env: this.#environment, cwd: ROOT_DIR, maxBuffer: OUTPUT_MAX_BYTES };
    const { stdout } = await run(file, all, options).catch((error: Error & { stdout?: string; stderr?: string }) => {
      const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.split('\n').slice(-40).join('\n');
      throw new Error(`docker compose ${args.join(' ')} failed:\n${said}`, { cause: error });
    });
    return stdout;
  }

  /** Names of what the project has: containers, networks, volumes. */
  async left(): Promise<string[]> {
    const mine = ['--filter', `label=com.docker.compose.project=${this.project}`];
    const lists = await Promise.all([
      docker('ps', '--all', '--format', '{{.Names}}', ...mine),
      docker('network', 'ls', '--format', '{{.Name}}', ...mine),
      docker('volume', 'ls', '--format', '{{.Name}}', ...mine),
    ]);
    return lists.flatMap((list) => list.split('\n')).filter((name) => name !== '');
  }

  async destroy(): Promise<void> {
    await this.run('down', '--volumes', '--remove-orphans', '--timeout', '20').catch(() => {});
    await docker('rmi', this.image).catch(() => {});
    // The classic builder leaves the first stage behind without a name.
    await docker('image', 'prune', '--force', '--filter', 'label=teal.stage=build').catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }
}
