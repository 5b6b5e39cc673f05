/** The proxies that are compared, each serving the same origin with as little configuration as that takes. Measures nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../conformance/until.ts';

export const HOST = 'bench.teal.localhost';
export const HAPROXY = '/usr/sbin/haproxy';

export interface Contender {
  name: string;
  port: number;
  /** The process whose CPU counts. */
  pid: number;
  /** Of a process beside it, which is told apart; null: none. */
  helperPid: number | null;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'teal-bench-'));
  await chmod(dir, 0o755);
  return dir;
}

interface Recipe {
  name: string;
  argv(file: string): readonly string[];
  config(ports: { own: number; origin: number; dir: string }): string;
  /** Of the process that serves: a child of the one that was started. */
  worker?: string;
}

const nginxConfig = (
  dir: string,
  http: string,
) => `daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/errors;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; ${http} }
`;

const NGINX = { argv: (file: string) => ['nginx', '-e', `${file}.errors`, '-c', file], worker: 'nginx' };

export const ORIGIN: Recipe = {
  ...NGINX,
  name: 'origin',
  config: ({ own, dir }) =>
    nginxConfig(
      dir,
      `server { listen 127.0.0.1:${own} backlog=1024; location / { return 200 "hello from the app\\n"; } }`,
    ),
};

export const PLAIN: readonly Recipe[] = [
  {
    name: 'HAProxy, plain',
    argv: (file) => [HAPROXY, '-db', '-f', file],
    config: ({ own, origin }) => `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${own}
  default_backend app
backend app
  server one 127.0.0.1:${origin}
`,
  },
  {
    ...NGINX,
    name: 'nginx',
    config: ({ own, origin, dir }) =>
      nginxConfig(
        dir,
        `upstream app { server 127.0.0.1:${origin}; keepalive 128; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${own} backlog=1024; location / { proxy_pass http://app; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_set_header Host $host; } }`,
      ),
  },
  {
    name: 'Caddy',
    argv: (file) => ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
    config: ({ own, origin }) => `{
  admin off
  auto_https off
}
http://${HOST}:${own} {
  reverse_proxy 127.0.0.1:${origin}
}
`,
  },
];

/** Serving when it resolves. */
export async function startPlain(recipe: Recipe, originPort: number): Promise<Contender> {
  const dir = await makeFolder();
  const own = await freePort();
  const file = join(dir, 'config');
  await writeFile(file, recipe.config({ own, origin: originPort, dir }));
  const [command = '', ...args] = recipe.argv(file);
  const env = { ...process.env, GOMAXPROCS: '1', HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
  const child = spawn(command, args, { stdio: 'ignore', env });
  const ended = once(child, 'exit');
  const close = async () => {
    await end(child, ended);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await until(`${recipe.name} serves`, () => serves(own));
    const pid = await servingPid(child, recipe, dir);
    return { name: recipe.name, port: own, pid, helperPid: null, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function servingPid(child: ChildProcess, { worker }: Recipe, dir: string): Promise<number> {
  if (worker === undefined) return child.pid ?? 0;
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const pid = Number(children.trim().split(' ')[0]);
  if (!(pid > 0)) throw new Error(`no worker below the process in ${dir}`);
  return pid;
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await ended;
}

/** Any answer will do. */
export async function serves(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    async (answer) => {
      await answer.arrayBuffer();
      return true;
    },
    () => false,
  );
}
